"""The world as a turn sees it: gathered, obeyed, said in headers and written down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx

from edge.config import Budget, EdgeConfig, Vitals
from edge.ports import House, Request, Source, State
from edge.routing.budget import Scope, WhenSpent
from edge.routing.link import Health
from edge.routing.plan import Why
from edge.routing.record import read
from edge.routing.vitals import Sign, Strain
from edge.routing.world import LinkSignal
from edge.store.schema import open_durable
from edge.store.spend import SpendStore
from edge.surroundings import Surroundings, terms
from edge.turn import answer
from tests.fakes.edge_parts import FakeDispatch, FakeModel, house, open_door
from tidegate.chat import Message, Prompt, Role
from tidegate.clock import FixedClock, until_tomorrow
from tidegate.ids import ConversationId, RequestId, TraceId
from tidegate.risk.calibrate import Calibration, Curve
from tidegate.risk.held_out import HeldOut
from tidegate.risk.task import Task

HOT = "sys/class/thermal/thermal_zone0/temp"


def ask(**changes: object) -> Request:
    request = Request(
        prompt=Prompt((Message(Role.USER, "what time is it"),), max_tokens=500),
        request_id=RequestId("req_12345678"),
        conversation=ConversationId("conv_12345678"),
        trace=TraceId("1" * 32),
        application="tests",
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def around(
    folder: Path, *, clock: FixedClock | None = None, calibration: Calibration | None = None, **groups: object
) -> Surroundings:
    """Surroundings of a machine made of the files in `folder`, with a good link."""
    config = EdgeConfig(state=folder, **groups)  # type: ignore[arg-type]
    store = SpendStore(open_durable(folder))
    made = Surroundings(lambda: config, clock or FixedClock(), store, lambda: calibration, root=folder)
    made.link = lambda left_s: LinkSignal(left_s=left_s)
    return made


def heat(folder: Path, milli: int) -> None:
    (folder / HOT).parent.mkdir(parents=True, exist_ok=True)
    (folder / HOT).write_text(str(milli))


def living(made: Surroundings, model: FakeModel, dispatch: FakeDispatch | None = None) -> House:
    return replace(house(model, dispatch), around=made)


async def test_a_hot_machine_writes_less_and_says_so(tmp_path: Path) -> None:
    heat(tmp_path, 90_000)
    model = FakeModel()
    found = await answer(ask(), living(around(tmp_path), model))
    assert [prompt.max_tokens for prompt in model.asked] == [64]
    assert found.decided is not None
    assert found.decided.reasons == (Why.CONFIDENT, Why.HOT, Why.SHORTENED)
    vitals = found.decided.facts.world.vitals
    assert (vitals.strain, vitals.sign) == (Strain.SHORTER, Sign.HEAT)


async def test_a_machine_that_nobody_watches_is_never_hot(tmp_path: Path) -> None:
    heat(tmp_path, 99_000)
    model = FakeModel()
    found = await answer(ask(), living(around(tmp_path, vitals=Vitals(enabled=False)), model))
    assert [prompt.max_tokens for prompt in model.asked] == [500]
    assert (found.source, found.why) == (Source.DEVICE, Why.CONFIDENT)


async def test_a_machine_that_cannot_go_on_says_no_politely_and_writes_nothing(tmp_path: Path) -> None:
    heat(tmp_path, 99_000)
    made = around(tmp_path, vitals=Vitals(when_critical=Strain.REFUSE))
    made.link = lambda left_s: LinkSignal(Health.DOWN, open=False)
    model = FakeModel()
    found = await answer(ask(), living(made, model))
    assert (found.state, found.source, found.why) == (State.REFUSED, Source.NOBODY, Why.HOT)
    assert model.asked == []


async def test_a_draft_is_on_the_bill_and_ends_the_energy_for_the_next(tmp_path: Path) -> None:
    made = around(tmp_path, budget=Budget(day_joules=10.0, joules_per_token=1.0))
    model = FakeModel()  # 7 tokens in, 3 out
    made.link = lambda left_s: LinkSignal(Health.DOWN, open=False)
    request = ask(prompt=Prompt((Message(Role.USER, "hi"),), max_tokens=5))
    first = await answer(request, living(made, model))
    second = await answer(request, living(made, model))
    assert (first.source, second.why) == (Source.DEVICE, Why.ENERGY_SPENT)
    assert len(model.asked) == 1


async def test_work_the_model_is_known_to_fail_is_not_even_drafted(tmp_path: Path) -> None:
    curve = Curve((), (), (), (), 0.0, (), ())
    wrong = HeldOut(sure=tuple([0.5] * 60), wrong=tuple([1.0] * 50 + [0.0] * 10))
    made = around(tmp_path, calibration=Calibration(curve, curve, 0.6, 0.02, outcomes={Task.PROSE: wrong}))
    model, dispatch = FakeModel(), FakeDispatch()
    task = made.world(ask(), 10).task
    assert (task.task, task.seen, task.known_to_fail) == (Task.PROSE, 60, True)
    assert task.wrong_at_least > 0.7
    try:
        await answer(ask(), living(made, model, dispatch))
    except Exception as error:  # noqa: BLE001  the fake delivers nothing
        assert "fake" in str(error)
    assert model.asked == []
    assert dispatch.sent[0].why is Why.KNOWN_TO_FAIL


def test_the_time_left_counts_from_the_requests_arrival(tmp_path: Path) -> None:
    clock = FixedClock()
    made = around(tmp_path, clock=clock)
    clock.advance(4.0)
    assert made.world(ask(due=clock.mono() + 6.0), 10).link.left_s == 6.0
    assert made.world(ask(), 10).link.left_s == 30.0


def test_settings_become_limits_and_prices() -> None:
    found = terms(EdgeConfig(budget=Budget(day_money=2.0, application_tokens=5, when_spent=WhenSpent.REFUSE)))
    assert (found.limits[Scope.DAY].money, found.limits[Scope.APPLICATION].tokens) == (2.0, 5)
    assert found.when_spent is WhenSpent.REFUSE


async def test_the_door_says_every_reason_keeps_the_decision_and_tells_when_to_come_back(
    tmp_path: Path,
) -> None:
    clock = FixedClock()
    (tmp_path / "machine").mkdir()
    made = around(tmp_path / "machine", clock=clock)
    heat(tmp_path / "machine", 90_000)
    door = open_door(tmp_path, living(made, FakeModel()), clock=clock)
    spent = open_door(
        tmp_path,
        living(
            around(
                tmp_path / "machine", clock=clock, budget=Budget(day_money=0.0, when_spent=WhenSpent.REFUSE)
            ),
            FakeModel(),
        ),
        clock=clock,
    )
    body = {"model": "tidegate", "messages": [{"role": "user", "content": "hello"}]}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(door.app), base_url="http://localhost"
    ) as client:
        told = await client.post(
            "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {door.api_key}"}
        )
        assert told.headers["x-tidegate-reasons"] == "confident,hot,shortened"
        plan = await client.post(
            "/v1/tidegate/plan", json=body, headers={"authorization": f"Bearer {door.api_key}"}
        )
        assert plan.json()["signals"]["vitals"]["reading"]["heat_c"] == 90.0
        assert plan.json()["reasons"] == ["confident", "hot", "shortened"]
    record = read(door.stores.journal.latest(1)[0].decision)
    assert record is not None
    assert record.facts.world.vitals.sign is Sign.HEAT
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(spent.app), base_url="http://localhost"
    ) as client:
        told = await client.post(
            "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {spent.api_key}"}
        )
        assert (told.status_code, told.json()["error"]["code"]) == (429, "budget_spent")
        assert int(told.headers["retry-after"]) == int(until_tomorrow(clock.now()))
