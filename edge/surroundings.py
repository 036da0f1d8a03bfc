"""The world around a request, gathered from the parts that know it: the way out, the machine, the purse, the model's record.

Implements `edge.ports.Around`. Everything is in memory or a file that was read lately, so that a decision takes no time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edge.config import EdgeConfig
from edge.config import Vitals as VitalSettings
from edge.ports import Request
from edge.purse import Purse, Terms
from edge.routing import classes
from edge.routing.budget import Limits, Rates, Scope
from edge.routing.classes import Known
from edge.routing.link import Health
from edge.routing.vitals import Bounds, Habits, Sign
from edge.routing.world import LinkSignal, TaskSignal, VitalSignal, World
from edge.store.spend import SpendStore
from edge.vitals import Vitals
from tidegate.clock import Clock
from tidegate.engines.port import Draft
from tidegate.risk.calibrate import Calibration
from tidegate.risk.task import Task, task_of

Link = Callable[[float], LinkSignal]  # seconds left -> the way to the cloud
AWAY = LinkSignal(Health.DOWN, open=False)


class Drafts:
    """How many drafts are being written now."""

    def __init__(self) -> None:
        self._count, self._lock = 0, threading.Lock()

    def now(self) -> int:
        return self._count

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._lock:
            self._count += 1
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1


class Surroundings:
    """One for the daemon. From any thread. `settings` gives those in force: they may change in flight."""

    def __init__(
        self,
        settings: Callable[[], EdgeConfig],
        clock: Clock,
        store: SpendStore,
        calibration: Callable[[], Calibration | None] = lambda: None,
        root: Path = Path("/"),
    ) -> None:
        self._settings, self._clock, self._calibration = settings, clock, calibration
        self._drafts = Drafts()
        self.purse = Purse(store, clock, lambda: terms(settings()))
        self._vitals = Vitals(clock, self._drafts.now, habits=lambda: habits(settings().vitals), root=root)
        self._known: tuple[Calibration | None, float, Mapping[Task, Known]] = (None, 0.0, {})
        self.link: Link = lambda left_s: AWAY  # replaced when there is a way out

    def world(self, request: Request, prompt_tokens: int) -> World:
        left = request.deadline_s if request.due is None else request.due - self._clock.mono()
        return World(
            link=self.link(left),
            vitals=self._vitals.now() if self._settings().vitals.enabled else VitalSignal(),
            budget=self.purse.signal(
                request.conversation, request.application, prompt_tokens, request.prompt.max_tokens
            ),
            task=self._task(task_of(request.prompt)),
        )

    @contextmanager
    def drafting(self) -> Iterator[None]:
        with self._drafts.one():
            yield

    def drafted(self, request: Request, made: Draft) -> None:
        self.purse.drafted(request.conversation, request.application, made.usage)

    def _task(self, task: Task) -> TaskSignal:
        """The model's record at this kind of work, worked out once for each model."""
        calibration, fails_from = self._calibration(), self._settings().policy.fails_from
        if self._known[0] is not calibration or self._known[1] != fails_from:
            self._known = (calibration, fails_from, classes.known(classes.tallies(calibration), fails_from))
        known = self._known[2].get(task)
        if known is None:
            return TaskSignal(task)
        return TaskSignal(task, known.seen, round(known.wrong_at_least, 4), known.fails)


def terms(config: EdgeConfig) -> Terms:
    """The budgets of the settings."""
    settings = config.budget
    return Terms(
        limits={
            Scope.CONVERSATION: Limits(
                settings.conversation_money, settings.conversation_tokens, settings.conversation_joules
            ),
            Scope.APPLICATION: Limits(
                settings.application_money, settings.application_tokens, settings.application_joules
            ),
            Scope.DAY: Limits(settings.day_money, settings.day_tokens, settings.day_joules),
        },
        rates=Rates(
            settings.money_per_1k_prompt, settings.money_per_1k_completion, settings.joules_per_token
        ),
        when_spent=settings.when_spent,
        metered_bytes=config.uplink.metered_bytes_a_day,
    )


def habits(settings: VitalSettings) -> Habits:
    """The thresholds of the settings; margins are fixed."""
    return Habits(
        bounds={
            Sign.BATTERY: Bounds(settings.battery_low, settings.battery_critical, 0.03, falling=True),
            Sign.HEAT: Bounds(settings.hot_c, settings.critical_c, 5.0),
            Sign.MEMORY: Bounds(settings.memory_low_mb, settings.memory_critical_mb, 30.0, falling=True),
            Sign.PRESSURE: Bounds(settings.pressure_high, settings.pressure_critical, 10.0),
            Sign.QUEUE: Bounds(float(settings.queue_long), float(settings.queue_critical), 4.0),
        },
        when_low=settings.when_low,
        when_critical=settings.when_critical,
        shorter_tokens=settings.shorter_tokens,
    )
