"""Measurements of the running house. Nothing here asserts: it prints figures, how they were made, and on what machine."""
