"""P(right): what a draft shows about itself, calibrated on held-out outcomes. Pure; numpy at most."""
