# Sourced, nothing runs: what only some tests need, when CI=true. A failed install makes those tests skip, and says so.

install_for_ci() {
  if command -v chromium >/dev/null; then
    :
  elif ! step "Installing Chromium for the browser tests" install_chromium; then
    echo "Chromium could not be installed: the browser tests will be skipped"
  fi
  TIDEGATE_CHROMIUM=$(command -v chromium || echo "$(unpacked_place chromium)/bin/chromium")
  [ ! -x "$TIDEGATE_CHROMIUM" ] || export TIDEGATE_CHROMIUM
  if compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; then
    :
  elif ! step "Installing PostgreSQL for the tests of the cloud's store" install_postgres; then
    echo "PostgreSQL could not be installed: the cloud's store is tested on SQLite alone"
  fi
  if step "Installing the trainer's libraries" install_trainer; then
    export TIDEGATE_TRAIN_PYTHON=$ROOT/.venv-train/bin/python
  else
    echo "torch could not be installed: the training tests will be skipped"
  fi
}

install_chromium() {
  has_apt || return 1
  if [ "$(id -u)" = 0 ]; then
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium
  else
    unpack_package chromium /usr/lib/chromium/chromium
  fi
}

# The programs alone: no cluster is made and no server is started; each test run makes its own.
install_postgres() {
  has_apt && [ "$(id -u)" = 0 ] || return 1
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql
}

# Torch is large and only the trainer wants it: its own environment, outside the locks.
install_trainer() {
  cd "$ROOT"
  [ -x .venv-train/bin/python ] && .venv-train/bin/python -c 'import torch, gguf' && return
  "$VENV/bin/python" -m venv .venv-train
  .venv-train/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/train.in
  .venv-train/bin/python -m pip install --quiet --disable-pip-version-check --no-deps "$(wheel_place)"/llama_cpp_python-*.whl
}
