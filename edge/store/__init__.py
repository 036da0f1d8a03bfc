"""SQLite on the device: the one place that knows how things lie on disk."""
