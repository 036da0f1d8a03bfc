"""Consent is to one exact request of one application, for some minutes, by that application or the owner."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from edge.consents import Asked, Consents, Word
from edge.device_key import DeviceKey
from edge.ports import Request
from tests.fakes.edge_parts import PatternScreen, house
from tidegate.chat import Message, Prompt, Role
from tidegate.clock import FixedClock
from tidegate.ids import ConversationId, RequestId, TraceId, new_consent_id

MAIL = "write to eve.adams@example.org please"


def ask(text: str = MAIL, application: str = "desk") -> Request:
    return Request(
        prompt=Prompt((Message(Role.USER, text),)),
        request_id=RequestId("req_12345678"),
        conversation=ConversationId("conv_12345678"),
        trace=TraceId("1" * 32),
        application=application,
    )


def desk(clock: FixedClock | None = None, most: int = 64) -> Consents:
    return Consents(clock or FixedClock(), DeviceKey(b"k" * 32), lambda _: b"12345", life_s=600.0, most=most)


async def asked(consents: Consents, request: Request) -> Asked:
    made = await consents.ask(request, house(), 0.4)
    assert made is not None
    found = consents.find(made, None)
    assert found is not None
    return found[1]


async def test_what_waits_shows_what_would_leave_and_not_what_was_asked() -> None:
    consents = desk()
    one = await asked(consents, ask())
    assert (one.word, one.size, one.confidence) == (Word.WAITING, 5, 0.4)
    assert "eve.adams" not in one.leaves
    assert one.told["entities"] == {"EMAIL_ADDRESS": 1}
    assert consents.waiting() == (one,)


async def test_an_agreed_request_may_go_and_no_other() -> None:
    consents = desk()
    one = await asked(consents, ask())
    assert not consents.agreed(ask())
    consents.decide(one.id, agree=True, application="desk")
    assert consents.agreed(ask())
    assert consents.agreed(replace(ask(), request_id=RequestId("req_another1")))
    assert not consents.agreed(ask(MAIL + "!"))
    assert not consents.agreed(ask(application="camera"))
    assert consents.waiting() == ()


async def test_another_application_neither_sees_nor_decides_and_the_owner_does_both() -> None:
    consents = desk()
    one = await asked(consents, ask())
    assert consents.decide(one.id, agree=True, application="camera") is None
    assert consents.waiting("camera") == ()
    assert not consents.agreed(ask())
    decided = consents.decide(one.id, agree=True, application=None)
    assert decided is not None
    assert decided.word is Word.AGREED


async def test_the_first_word_counts_and_a_refused_request_may_ask_anew() -> None:
    consents = desk()
    one = await asked(consents, ask())
    consents.decide(one.id, agree=False, application=None)
    again = consents.decide(one.id, agree=True, application="desk")
    assert again is not None
    assert again.word is Word.REFUSED
    assert not consents.agreed(ask())
    other = await asked(consents, ask())
    assert other.id != one.id


async def test_a_repeat_waits_at_the_same_place() -> None:
    consents = desk()
    assert (await asked(consents, ask())).id == (await asked(consents, ask())).id


async def test_consent_ends_and_the_desk_forgets() -> None:
    clock = FixedClock()
    consents = desk(clock)
    one = await asked(consents, ask())
    consents.decide(one.id, agree=True, application=None)
    clock.advance(599)
    assert consents.agreed(ask())
    clock.advance(2)
    assert not consents.agreed(ask())
    assert consents.find(one.id, None) is None


async def test_the_desk_is_bounded_and_forgets_the_oldest() -> None:
    consents = desk(most=2)
    first = await asked(consents, ask("one"))
    await asked(consents, ask("two"))
    await asked(consents, ask("three"))
    assert consents.find(first.id, None) is None
    assert len(consents.waiting()) == 2


async def test_what_cannot_be_redacted_cannot_be_agreed_to() -> None:
    assert await desk().ask(ask(), house(screen=PatternScreen(detector=None)), None) is None


async def test_whoever_waits_for_a_word_hears_it() -> None:
    consents = desk()
    one = await asked(consents, ask())
    waiting = asyncio.create_task(consents.word(one.id, "desk", 20.0))
    await asyncio.sleep(0)
    consents.decide(one.id, agree=True, application=None)
    heard = await waiting
    assert heard is not None
    assert heard.word is Word.AGREED


@pytest.mark.parametrize("wait_s", [0.0, 0.01])
async def test_a_wait_ends_without_a_word_and_for_a_stranger_at_once(wait_s: float) -> None:
    consents = desk(FixedClock())
    one = await asked(consents, ask())
    still = await consents.word(one.id, "desk", 0.0)
    assert still is not None
    assert still.word is Word.WAITING
    assert await consents.word(new_consent_id(), "desk", wait_s) is None
