# Sourced by the other scripts: the folder, the cache, and steps that show how long they take.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VENV=$ROOT/.venv
CACHE=${TIDEGATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tidegate}
LOG=$CACHE/setup.log

fail() {
  printf 'tidegate: %s\n' "$*" >&2
  exit 1
}

# step "what is being done" command...: one line with elapsed time; the command's own words go to the log.
step() {
  local what=$1 began=$SECONDS code=0
  shift
  mkdir -p "$CACHE"
  if [ -t 1 ]; then
    "$@" >"$LOG" 2>&1 &
    local job=$!
    while kill -0 "$job" 2>/dev/null; do
      printf '\r%-60s %4ds ' "$what" $((SECONDS - began))
      sleep 0.2
    done
    wait "$job" || code=$?
    printf '\r%-60s %4ds %s\n' "$what" $((SECONDS - began)) "$([ "$code" = 0 ] && echo done || echo FAILED)"
  else
    printf '%s ...\n' "$what"
    "$@" >"$LOG" 2>&1 &
    local job=$! heard=$SECONDS
    while kill -0 "$job" 2>/dev/null; do
      sleep 0.2
      if [ $((SECONDS - heard)) -ge 30 ]; then
        heard=$SECONDS
        printf '%s ... %ds\n' "$what" $((SECONDS - began))
      fi
    done
    wait "$job" || code=$?
    printf '%s: %s in %ds\n' "$what" "$([ "$code" = 0 ] && echo done || echo FAILED)" $((SECONDS - began))
  fi
  [ "$code" = 0 ] || tail -n 25 "$LOG" >&2
  return "$code"
}
