"""What the settings say about modes is what the daemon is built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import EdgeConfig, Fleet, Telemetry, Uplink, load
from edge.routing.mode import Mode

OUT = Uplink(address="cloud.example:9443")


@pytest.mark.parametrize("mode", Mode)
def test_only_local_only_constructs_no_way_out(mode: Mode) -> None:
    config = EdgeConfig(mode=mode, uplink=OUT, fleet=Fleet(broker="broker.example:8883"))
    assert config.escalates is (mode is not Mode.LOCAL_ONLY)
    assert config.managed is (mode is not Mode.LOCAL_ONLY)


@pytest.mark.parametrize(
    ("mode", "otlp", "goes"),
    [
        (Mode.LOCAL_ONLY, "http://collector.example:4318", False),
        (Mode.LOCAL_ONLY, "http://127.0.0.1:4318", True),
        (Mode.LOCAL_ONLY, "http://localhost:4318/v1/traces", True),
        (Mode.ASK, "http://collector.example:4318", True),
    ],
)
def test_spans_stay_here_where_nothing_may_leave(mode: Mode, otlp: str, goes: bool) -> None:
    assert EdgeConfig(mode=mode, telemetry=Telemetry(otlp=otlp)).collector == (otlp if goes else "")


def test_an_application_has_a_mode_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    file.write_text('mode = "ask"\n[mode_for]\ncamera = "local-only"\ndesk = "prefer-cloud"\n')
    modes = load(file, {}, {}).modes
    assert (modes.of("camera"), modes.of("desk"), modes.of("other")) == (Mode.LOCAL_ONLY, Mode.ASK, Mode.ASK)
