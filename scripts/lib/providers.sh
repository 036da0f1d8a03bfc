# The race of providers with a second real one: onnxruntime's OpenVINO build, in an environment of its own. Sourced by scripts/test.
# TIDEGATE_PROVIDERS_ENV names that environment (default build/providers); it is made when it can be, skipped when it cannot.

test_providers() {
  local place=${TIDEGATE_PROVIDERS_ENV:-$ROOT/build/providers}
  if [ ! -x "$place/bin/python" ]; then
    if ! "$VENV/bin/python" -m venv "$place" ||
      ! "$place/bin/python" -m pip install --quiet -r "$ROOT/requirements/providers.txt"; then
      rm -rf "$place"
      echo "Providers: skipped, onnxruntime-openvino could not be installed (no index, or no wheel for this machine)."
      return 0
    fi
  fi
  "$place/bin/python" -m pytest -q -rs -p no:cacheprovider --noconftest --rootdir "$ROOT" -c /dev/null \
    -o pythonpath="$ROOT" "$ROOT/tests/tidegate/privacy/providers_real.py"
}
