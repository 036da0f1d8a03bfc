"""Escalations of the last days in closed words, and what released answers cost. Reads alone; no text is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Engine, RowMapping, select

from cloud.observe.insight import CaseFact, Cost, End
from cloud.store.db import reading
from cloud.store.schema import cases, outcomes, reviews
from tidegate.ids import DeviceId

MOST_CASES = 50_000
MOST_ANSWERS = 5_000


class _Tokens(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Model(msgspec.Struct):
    model: str = ""
    usage: _Tokens = msgspec.field(default_factory=_Tokens)


class _Answer(msgspec.Struct):
    """As much of a released answer as costs are about: its text is skipped, not decoded."""

    proposal: _Model


class SqlInsight:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cases(self, since: float) -> tuple[CaseFact, ...]:
        """The newest MOST_CASES escalations since then, newest first."""
        query = (
            select(
                cases.c.opened_at,
                cases.c.device,
                cases.c.why,
                outcomes.c.kind,
                reviews.c.reason,
                reviews.c.decision,
                reviews.c.opened_at.label("held_at"),
                reviews.c.decided_at,
            )
            .outerjoin(outcomes, outcomes.c.case_id == cases.c.case_id)
            .outerjoin(reviews, reviews.c.case_id == cases.c.case_id)
            .where(cases.c.opened_at >= since)
            .order_by(cases.c.opened_at.desc())
            .limit(MOST_CASES)
        )
        with reading(self._engine) as connection:
            return tuple(_fact(row) for row in connection.execute(query).mappings())

    def costs(self, since: float) -> tuple[Cost, ...]:
        """By model, over the newest MOST_ANSWERS released answers since then."""
        query = (
            select(outcomes.c.released_json)
            .where(outcomes.c.at >= since, outcomes.c.released_json.is_not(None))
            .order_by(outcomes.c.at.desc())
            .limit(MOST_ANSWERS)
        )
        with reading(self._engine) as connection:
            return _summed(connection.execute(query).scalars())


def _fact(row: RowMapping) -> CaseFact:
    decision = str(row["decision"] or "")
    return CaseFact(
        float(row["opened_at"]),
        DeviceId(row["device"]),
        str(row["why"]),
        _end(row["kind"], decision),
        str(row["reason"] or ""),
        decision,
        float(row["decided_at"]) - float(row["held_at"]) if decision else None,
    )


_ENDS: Mapping[str, End] = {"released": End.RELEASED, "held": End.WAITING, "rejected": End.TURNED_DOWN}


def _end(kind: str | None, decision: str) -> End:
    """A case without an outcome is still being worked on, or comes again."""
    if kind == "released" and decision:
        return End.PERSON
    return _ENDS.get(kind or "held", End.TURNED_DOWN)


def _summed(answers: Iterable[bytes]) -> tuple[Cost, ...]:
    found: dict[str, Cost] = {}
    for raw in answers:
        proposal = _DECODER.decode(raw).proposal
        so_far = found.get(proposal.model, Cost(proposal.model, 0, 0, 0))
        found[proposal.model] = Cost(
            proposal.model,
            so_far.answers + 1,
            so_far.prompt_tokens + proposal.usage.prompt_tokens,
            so_far.completion_tokens + proposal.usage.completion_tokens,
        )
    return tuple(found.values())


_DECODER = msgspec.json.Decoder(_Answer)
