"""Language models behind one port: llama.cpp on this machine, or any OpenAI-compatible server."""
