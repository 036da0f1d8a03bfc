"""What one side writes the other reads, and nothing malformed gets in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.fleet.conductor import codec as cloud
from edge.uplink import fleet_codec as edge
from edge.uplink.health_codec import health_bytes
from tidegate.errors import BadRequest
from tidegate.health import MOST_LINES, Health, PromiseLine, Scope
from tidegate.ids import DeviceId, ReleaseId
from tidegate.risk.monitor import State
from tidegate.risk.task import Task
from tidegate.topics import Up
from tidegate.updates import (
    Block,
    Desired,
    Fault,
    Fetch,
    FetchStatus,
    Progress,
    Reported,
    Status,
    UpdateState,
)

releases = st.from_regex(r"[a-z0-9][a-z0-9_-]{2,20}", fullmatch=True).map(ReleaseId)
numbers = st.integers(0, 2**63 - 1)
digests = st.one_of(st.just(""), st.binary(min_size=32, max_size=32).map(bytes.hex))


@given(
    st.builds(
        Reported,
        numbers,
        releases,
        digests,
        st.sampled_from(UpdateState),
        st.sampled_from(Fault),
        numbers,
        numbers,
    )
)
def test_a_report_survives_the_wire(reported: Reported) -> None:
    assert cloud.read(Up.REPORTED, edge.reported_bytes(reported)) == reported


@given(
    st.builds(
        Progress,
        numbers,
        releases,
        st.sampled_from(UpdateState),
        st.integers(0, 100),
        st.sampled_from(Fault),
        numbers,
    )
)
def test_progress_survives_the_wire(progress: Progress) -> None:
    assert cloud.read(Up.PROGRESS, edge.progress_bytes(progress)) == progress


@given(st.booleans(), numbers)
def test_presence_survives_the_wire(online: bool, session: int) -> None:
    assert cloud.read(Up.STATUS, edge.status_bytes(Status(online, session))) == Status(online, session)


lines = st.builds(
    PromiseLine,
    st.sampled_from(Scope),
    st.sampled_from(Task),
    st.sampled_from(State),
    st.booleans(),
    st.floats(0.0, 1.0),
    *[numbers] * 5,
    st.integers(0, 2**32 - 1),
    numbers,
)


@given(
    st.builds(
        Health, numbers, numbers, numbers, numbers, numbers, numbers, st.lists(lines, max_size=9).map(tuple)
    )
)
def test_how_a_device_does_survives_the_wire(health: Health) -> None:
    read = cloud.read(Up.HEALTH, health_bytes(health))
    assert isinstance(read, Health)
    assert sorted(read.lines, key=repr) == sorted(health.lines, key=repr)
    assert read == Health(
        *(getattr(health, name) for name in ("at", "here", "there", "nobody", "spooled", "given_up")),
        read.lines,
    )


def test_of_many_promises_those_with_an_alarm_are_told_and_the_message_stays_small() -> None:
    calm = PromiseLine(
        Scope.APPLICATION, Task.CALLS, State.KEEPING, True, 0.02, 2**40, 2**40, 2**40, 2**40, 2**40, 0, 2**40
    )
    alarm = PromiseLine(Scope.DEVICE, Task.CALLS, State.STOPPED, True, 0.02, alarms=2, alarm_at=1_800_000_000)
    content = health_bytes(Health(1, lines=(*[calm] * MOST_LINES, alarm)))
    assert len(content) <= cloud.MAX_BYTES
    read = cloud.read(Up.HEALTH, content)
    assert isinstance(read, Health)
    assert len(read.lines) == MOST_LINES
    assert read.lines[0] == alarm


@pytest.mark.parametrize("share", [1.5, -0.1, float("nan")])
def test_a_promise_that_is_no_share_is_refused(share: float) -> None:
    line = PromiseLine(Scope.DEVICE, Task.CALLS, State.KEEPING, True, share)
    with pytest.raises(BadRequest):
        cloud.read(Up.HEALTH, health_bytes(Health(1, lines=(line,))))


@given(st.from_regex(r"[a-z/.]{1,40}", fullmatch=True), numbers, st.integers(0, 2**32 - 1), numbers)
def test_a_request_survives_the_wire(name: str, offset: int, length: int, correlation: int) -> None:
    fetch = Fetch(name, offset, length, correlation)
    assert cloud.read(Up.FETCH, edge.fetch_bytes(fetch)) == fetch


@given(numbers, releases, digests)
def test_an_order_survives_the_wire(revision: int, release: ReleaseId, digest: str) -> None:
    desired = Desired(DeviceId("pump-room-01"), revision, release, digest, "rollout_1")
    assert edge.read_desired(cloud.desired_bytes(desired)) == desired


@given(st.binary(max_size=200), st.sampled_from(FetchStatus))
def test_a_block_survives_the_wire(data: bytes, status: FetchStatus) -> None:
    block = Block("metadata/timestamp.json", 0, len(data), 9, status, data, b"s" * 32)
    assert edge.read_block(cloud.block_bytes(block)) == block


@settings(max_examples=200)
@given(st.sampled_from(Up), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_never_more(channel: Up, content: bytes) -> None:
    for read in (
        lambda: cloud.read(channel, content),
        lambda: edge.read_desired(content),
        lambda: edge.read_block(content),
    ):
        try:
            read()
        except BadRequest:
            continue


def test_an_oversize_message_is_refused_unread() -> None:
    with pytest.raises(BadRequest):
        cloud.read(Up.REPORTED, b"\x0a" * (cloud.MAX_BYTES + 1))
