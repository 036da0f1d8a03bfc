"""What `scripts/eval models` measures: the shipped models on held-out data, through the path a request takes."""
