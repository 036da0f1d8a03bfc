# Sourced, nothing runs: the interpreter, the locked libraries, and the one library that is built here.

# Without multimodal parts, tools and their helpers the build takes a third of the time (docs/decisions/0003).
LLAMA_FLAGS="-DLLAVA_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF"
LOCK=$ROOT/requirements/dev.txt

find_python() {
  local name
  for name in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
    if [ -n "$name" ] && command -v "$name" >/dev/null &&
      "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  fail "needs Python 3.11 or newer with its venv module: install python3 and python3-venv, or set PYTHON"
}

# The lines of the lock for one package, hashes included.
locked_entry() { # FILE NAME
  awk -v name="$2" '/^[a-z0-9]/ { on = (index($0, name "==") == 1) } on' "$1"
}

locked_without() { # FILE NAME
  awk -v name="$2" '/^[a-z0-9]/ { on = (index($0, name "==") == 1) } !on' "$1"
}

make_venv() {
  rm -rf "$VENV"
  "$1" -m venv "$VENV"
}

# Where the built wheel is kept: a new version, Python, machine or flag builds anew.
wheel_place() {
  local key
  key=$({ locked_entry "$LOCK" llama-cpp-python | head -n 1; echo "$LLAMA_FLAGS ${CMAKE_ARGS:-}"; cat "$ROOT/scripts/lib/llama.cmake"; } | sha256sum | cut -c 1-12)
  echo "$CACHE/wheels/$("$VENV/bin/python" -c 'import sys; print("py%d%d" % sys.version_info[:2])')-$(uname -m)-$key"
}

# Build from the hashed source with hashed build tools (cmake and ninja come as wheels) in a throw-away environment.
build_llama() {
  local place=$1 work
  work=$(mktemp -d "${TMPDIR:-/tmp}/tidegate-build.XXXXXX")
  # shellcheck disable=SC2064  # the folder's name now, since the trap runs when the variable is gone
  trap "rm -rf '$work'" EXIT
  "$VENV/bin/python" -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$ROOT/requirements/build.txt"
  locked_entry "$LOCK" llama-cpp-python >"$work/llama.txt"
  PATH="$work/venv/bin:$PATH" CMAKE_ARGS="$LLAMA_FLAGS -DCMAKE_PROJECT_llama.cpp_INCLUDE=$ROOT/scripts/lib/llama.cmake ${CMAKE_ARGS:-}" CMAKE_GENERATOR=Ninja \
    "$work/venv/bin/python" -m pip wheel --disable-pip-version-check --require-hashes --no-deps --no-build-isolation \
    --no-cache-dir --no-binary llama-cpp-python -w "$work/out" -r "$work/llama.txt"
  mkdir -p "$place"
  mv "$work"/out/llama_cpp_python-*.whl "$place/"
}

install_locked() {
  local list
  list=$(mktemp "${TMPDIR:-/tmp}/tidegate-lock.XXXXXX")
  locked_without "$LOCK" llama-cpp-python >"$list"
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$list"
  rm -f "$list"
}

install_project() {
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$1"/llama_cpp_python-*.whl
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e "$ROOT"
}
