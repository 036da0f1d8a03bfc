"""Whose word counts about what may leave: the device's, an application's, a request's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.mode import Mode, Modes, tighter

LOCAL_ONLY, ASK, LOCAL, CLOUD = Mode.LOCAL_ONLY, Mode.ASK, Mode.PREFER_LOCAL, Mode.PREFER_CLOUD
LETS_OUT = {LOCAL_ONLY: 0, ASK: 1, LOCAL: 2, CLOUD: 2}


@pytest.mark.parametrize(
    ("mode", "wish", "found"),
    [
        (LOCAL, None, LOCAL),
        (LOCAL, CLOUD, CLOUD),
        (CLOUD, LOCAL, LOCAL),
        (LOCAL, ASK, ASK),
        (LOCAL, LOCAL_ONLY, LOCAL_ONLY),
        (ASK, LOCAL, ASK),
        (ASK, CLOUD, ASK),
        (LOCAL_ONLY, CLOUD, LOCAL_ONLY),
        (LOCAL_ONLY, ASK, LOCAL_ONLY),
    ],
)
def test_a_wish_counts_where_it_lets_out_no_more(mode: Mode, wish: Mode | None, found: Mode) -> None:
    assert tighter(mode, wish) is found


def test_a_request_tightens_and_does_not_choose_between_the_preferences() -> None:
    modes = Modes(LOCAL, {"cam": LOCAL_ONLY, "desk": CLOUD})
    assert modes.of("other") is LOCAL
    assert modes.of("desk") is CLOUD
    assert modes.of("desk", LOCAL) is CLOUD
    assert modes.of("other", CLOUD) is LOCAL
    assert modes.of("desk", ASK) is ASK
    assert modes.of("cam", ASK) is LOCAL_ONLY


_modes = st.sampled_from(Mode)


@given(_modes, st.none() | _modes, st.none() | _modes)
def test_nobody_lets_out_more_than_the_device(
    device: Mode, application: Mode | None, wish: Mode | None
) -> None:
    found = Modes(device, {"a": application} if application else {}).of("a", wish)
    assert LETS_OUT[found] <= LETS_OUT[device]
    for said in (application, wish):
        assert said is None or LETS_OUT[found] <= LETS_OUT[said]
