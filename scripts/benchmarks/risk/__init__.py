"""The bars of `tidegate risk`: ordering on recorded outcomes, the promise, the watch."""
