"""The protocol between the bench and a peer: lines of JSON, and what happens when the other side does not keep to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.benchmarks.privacy import synthetic
from scripts.benchmarks.privacy.peers import Peer, Timing
from scripts.benchmarks.privacy.values import Mark
from tidegate.errors import Broken

FAKE = Path(__file__).resolve().parents[3] / "fakes" / "peer.py"


def fake(patience_s: float = 30.0) -> Peer:
    return Peer([sys.executable, str(FAKE)], name="fake", patience_s=patience_s)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with fake() as opened:
        yield opened


def test_a_peer_answers_in_the_order_of_the_texts(peer: Peer) -> None:
    assert peer.version() == "1.2.3"
    assert peer.find(["a secret", "nothing", "secret"]) == [
        (Mark(2, 8, "WORD", 0.5),),
        (),
        (Mark(0, 6, "WORD", 0.5),),
    ]
    assert peer.timed(["x"]) == Timing(0.25, 0.5)


def test_more_texts_than_one_request_holds_come_back_whole(peer: Peer) -> None:
    found = peer.find(["secret" if n % 2 else "plain" for n in range(450)])
    assert [len(marks) for marks in found] == [n % 2 for n in range(450)]


def test_a_text_that_a_peer_fails_on_is_one_in_which_it_found_nothing(peer: Peer) -> None:
    assert peer.find(["fail", "secret"]) == [(), (Mark(0, 6, "WORD", 0.5),)]


def test_offsets_are_code_points_however_the_text_is_encoded(peer: Peer) -> None:
    assert peer.find(["🙂é secret"]) == [(Mark(3, 9, "WORD", 0.5),)]


def test_a_refusal_says_why_and_the_peer_goes_on(peer: Peer) -> None:
    with pytest.raises(Broken, match="unknown request 'dance'"):
        peer.ask("dance")
    assert peer.version() == "1.2.3"


def test_a_peer_that_prints_into_the_protocol_is_broken(peer: Peer) -> None:
    with pytest.raises(Broken, match="no JSON"):
        peer.ask("chatter")


def test_a_peer_that_dies_is_broken_and_stays_so(peer: Peer) -> None:
    with pytest.raises(Broken, match="has ended"):
        peer.ask("die")
    with pytest.raises(Broken, match="has ended"):
        peer.ask("version")


def test_a_silent_peer_is_given_up() -> None:
    with fake(patience_s=0.2) as silent, pytest.raises(Broken, match="said nothing"):
        silent.ask("sleep")


def test_values_of_all_locales_are_put_together_and_names_made_of_pairs(peer: Peer) -> None:
    made = synthetic.values(peer, seed=1)
    assert made["first"] == ["Ada", "Bo"]
    assert made["name"] == ["Ada Lark", "Bo Moss"]
    assert (made["lines"], made["handle"]) == (["1 Elm St\nSalem"], ["@ada"])


def test_without_the_peers_environment_the_hint_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(Broken) as refused:
        Peer.start("presidio", home=tmp_path)
    assert "--peers" in refused.value.hint
