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

# step "what is being done" function...: one line with elapsed time; the function's own words go to the log. It runs in a
# shell of its own, so that `set -e` holds inside it even where the caller asks whether it worked.
step() {
  local what=$1 began=$SECONDS code=0 ticker
  shift
  mkdir -p "$CACHE"
  tick "$what" &
  ticker=$!
  bash -c 'for part in steps python debian ci embedder clients; do . "$0/scripts/lib/$part.sh"; done; "$@"' "$ROOT" "$@" >"$LOG" 2>&1 || code=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  [ ! -t 1 ] || printf '\r'
  printf '%-60s %4ds %s\n' "$what" $((SECONDS - began)) "$([ "$code" = 0 ] && echo done || echo FAILED)"
  [ "$code" = 0 ] || tail -n 25 "$LOG" >&2
  return "$code"
}

# Says what is being done: a running clock on a terminal, a line every half minute elsewhere.
tick() {
  local began=$SECONDS said=-30 now
  while kill -0 $$ 2>/dev/null; do  # not longer than the script it speaks for
    now=$((SECONDS - began))
    if [ -t 1 ]; then
      printf '\r%-60s %4ds ' "$1" "$now"
    elif [ $((now - said)) -ge 30 ]; then
      said=$now
      printf '%s ... %ds\n' "$1" "$now"
    fi
    sleep 0.2
  done
}
