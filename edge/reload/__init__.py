"""Settings that change while the daemon runs: which may, what happens when they do, and who is told."""
