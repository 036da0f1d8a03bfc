"""What this device remembers of conversations, for the applications that ask for it. It leaves only as redacted prompts do."""
