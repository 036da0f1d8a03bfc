# Included by CMake right after llama.cpp's own project(): its command-line helpers (chat parsers, an HTTP client) are
# most of what would be compiled and nothing of it is used. llama-cpp-python forces the cache entry on; a plain
# variable in llama.cpp's own scope goes before it (CMP0077).
set(LLAMA_BUILD_COMMON OFF)
