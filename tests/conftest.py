"""What every test runs under."""

from hypothesis import HealthCheck, settings

# No test asserts times: a busy machine must not fail a property. Explicit settings of a test still win.
settings.register_profile("tidegate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tidegate")
