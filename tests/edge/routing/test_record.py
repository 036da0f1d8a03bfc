"""A decision, written down and read again."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum

from hypothesis import given
from hypothesis import strategies as st

from edge.routing.budget import End, Kind, Scope
from edge.routing.link import Health
from edge.routing.plan import Consent, Facts, Why
from edge.routing.record import Record, read, text, told
from edge.routing.vitals import Reading, Sign, Strain
from edge.routing.world import BudgetSignal, LinkSignal, VitalSignal, World
from tidegate.engines.port import Finish

FACTS = Facts(
    local_model=True, uplink=True, redactable=True, tools_offered=True, prompt_tokens=80, context_tokens=1024
)


def test_a_usual_decision_is_short_and_comes_back_whole() -> None:
    record = Record(FACTS, (Why.CONFIDENT,), 0.7, 0.93, Finish.TOOL_CALLS, 12)
    assert read(text(record)) == record
    assert len(text(record)) < 300


def test_an_unusual_one_comes_back_whole_too() -> None:
    world = World(
        LinkSignal(Health.FLAPPING, open=False, metered=True, metered_left=0, expected_s=2.5),
        VitalSignal(Reading(battery=0.04, heat_c=96.5, queue=3), Strain.REFUSE, Sign.HEAT),
        BudgetSignal(cloud=End(Scope.DAY, Kind.MONEY), price=0.002),
    )
    facts = Facts(False, False, False, False, 0, 0, consent=Consent.ASK, world=world)
    record = Record(facts, (Why.HOT, Why.LINK_DOWN))
    assert read(text(record)) == record


@given(
    st.builds(
        Record,
        st.builds(
            Facts, injection=st.floats(0, 1), refuse_injection_at=st.floats(0, 2), world=st.builds(World)
        ),
        st.lists(st.sampled_from(Why)).map(tuple),
        st.floats(0, 2),
        st.none() | st.floats(0, 1),
        st.none() | st.sampled_from(Finish),
        st.integers(0, 1000),
    )
)
def test_whatever_was_decided_is_read_as_it_was_written(record: Record) -> None:
    assert read(text(record)) == record


def test_a_line_of_another_release_is_none_and_no_error() -> None:
    assert read("") is None
    assert read("{}") is None
    assert read('{"facts": {"prompt_tokens": "many"}}') is None
    newer = text(Record(FACTS)).replace('"facts":{', '"facts":{"colour":"red",')
    assert read(newer) == Record(FACTS)


def test_nothing_in_a_decision_can_hold_text() -> None:
    """Numbers, flags and closed words: a string in the file is always one of an enum's."""

    def strings(value: object, kept: list[object]) -> None:
        if is_dataclass(value):
            for one in fields(value):
                strings(getattr(value, one.name), kept)
        elif isinstance(value, tuple):
            for inner in value:
                strings(inner, kept)
        elif isinstance(value, str) and not isinstance(value, Enum):
            kept.append(value)

    kept: list[object] = []
    strings(Record(FACTS, tuple(Why)), kept)
    assert kept == []
    assert told(Record(FACTS))["facts"]
