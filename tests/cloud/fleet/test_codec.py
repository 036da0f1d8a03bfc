"""What one side writes the other reads, and nothing malformed gets in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.fleet.conductor import codec as cloud
from edge.uplink import fleet_codec as edge
from tidegate.errors import BadRequest
from tidegate.ids import DeviceId, ReleaseId
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
