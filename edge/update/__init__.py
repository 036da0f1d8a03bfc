"""Model updates on the device: a state table, two slots, verified blocks, a load test in a child process."""
