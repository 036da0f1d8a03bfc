"""A copy of a device's state in one sealed file, the way back, and bringing older state up to date."""
