"""The agent of this device: models propose calls, rules decide, tools act, and every step is on disk before it is taken."""
