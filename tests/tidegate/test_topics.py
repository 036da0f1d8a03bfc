"""Topics parse back to what built them, and nothing else parses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate import topics
from tidegate.errors import BadRequest
from tidegate.ids import DeviceId
from tidegate.topics import Down, Topic, Up

devices = st.from_regex(r"[a-z0-9-]{8,40}", fullmatch=True).map(DeviceId)


@given(devices, st.sampled_from(Up), st.sampled_from(Down))
def test_a_built_topic_parses_back(device: DeviceId, up: Up, down: Down) -> None:
    assert topics.parse(topics.up(device, up)) == Topic(device, up)
    assert topics.parse(topics.down(device, down)) == Topic(device, down)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "tidegate/v1/dev",
        "tidegate/v1/dev/pump-room-01/up/desired",
        "tidegate/v1/dev/pump-room-01/down/fetch",
        "tidegate/v1/dev/+/up/fetch",
        "tidegate/v1/dev/pump-room-01/up/fetch/more",
        "tidegate/v1/dev//up/fetch",
        "tidegate/v1/device/pump-room-01/up/fetch",
        "pump-room-01/up/fetch",
        "tidegate/v2/dev/pump-room-01/up/fetch",
        "x/tidegate/v1/dev/pump-room-01/up/fetch",
    ],
)
def test_a_foreign_topic_is_refused(topic: str) -> None:
    with pytest.raises(BadRequest) as caught:
        topics.parse(topic)
    assert caught.value.code == "bad_topic"
