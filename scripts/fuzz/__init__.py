"""Fuzzing: inputs made to break us, their number printed. Nothing here knows what is right except the properties."""
