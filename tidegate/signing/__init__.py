"""What is proved by a signature: the cloud's receipts, and what a device may run (TUF)."""
