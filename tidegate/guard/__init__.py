"""Prompt injection: the readings of a text, and how likely it tries to steer the model."""
