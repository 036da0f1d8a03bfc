"""What every test runs under."""

import os

from hypothesis import HealthCheck, settings

# No test asserts times: a busy machine must not fail a property. Explicit settings of a test still win.
settings.register_profile("tidegate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tidegate")

# A cloud that a test starts as a process would make its documents' vectors beside the test: seconds of a processor each time.
# tests/cloud/knowledge/test_meaning.py makes them on purpose.
os.environ.setdefault("TIDEGATE_CLOUD__KNOWLEDGE__MEANING", "false")
