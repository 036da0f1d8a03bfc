# Sourced, nothing runs: the model that is built instead of shipped (docs/decisions/0016).

EMBEDDER=$CACHE/models/embedder

embedder_is_there() {
  [ -s "$EMBEDDER/weights.bin" ] && cmp -s "$ROOT/tidegate/models/recipes/embedder/recipe.json" "$EMBEDDER/recipe.json"
}

build_embedder() {
  TIDEGATE_CACHE=$CACHE env -u TIDEGATE_MODELS -u TIDEGATE_MODELS_EMBEDDER "$VENV/bin/tidegate" models build embedder
}
