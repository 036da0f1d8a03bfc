# Sessions of real clients against a real daemon, in an environment of their own (build/clients). Sourced by scripts/test.
# TIDEGATE_CLIENTS_ENV names that environment; it is made when it can be, skipped when it cannot. --write: docs/clients.md too.

clients_are_there() { # PLACE
  cmp -s "$ROOT/requirements/clients.txt" "$1/tidegate-lock"
}

install_clients() { # PLACE
  rm -rf "$1"
  "$VENV/bin/python" -m venv "$1" &&
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$ROOT/requirements/clients.txt" &&
    cp "$ROOT/requirements/clients.txt" "$1/tidegate-lock"
}

test_clients() {
  local place=${TIDEGATE_CLIENTS_ENV:-$ROOT/build/clients} page=
  if ! clients_are_there "$place" && ! step "Installing the clients (about 400 MB)" install_clients "$place"; then
    rm -rf "$place"
    echo "Clients: skipped, they could not be installed (no index, or no wheel for this machine)."
    return 0
  fi
  if [ "${1:-}" = --write ]; then
    page=$ROOT/docs/clients.md
    shift
  fi
  cd "$ROOT"
  TIDEGATE_PYTHON=$VENV/bin/python TIDEGATE_CLIENTS_PAGE=$page \
    "$place/bin/python" -m pytest -q -rs -p no:cacheprovider -W ignore::UserWarning "$@" tests/journeys/clients
}
