"""Everything a run uses, chosen in edge.agent.wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from edge.agent.ports import Cloud, GrantShelf, Model, RunShelf, Toolbox, VerdictShelf
from edge.agent.seal import Seal
from edge.ports import Late
from tidegate.clock import Clock
from tidegate.ids import RequestId

RepeatableId = Callable[[str, str, int], RequestId]  # application, what, number: the same for the same


@dataclass(frozen=True, slots=True)
class Workshop:
    """`approval_s`: how long a call waits for somebody before it counts as denied. `deadline_s`: of one turn."""

    runs: RunShelf
    verdicts: VerdictShelf
    grants: GrantShelf
    toolbox: Toolbox
    model: Model
    late: Late
    cloud: Cloud
    clock: Clock
    repeatable_id: RepeatableId
    seal: Seal = field(repr=False)
    approval_s: float = 3600.0
    deadline_s: float = 30.0
    ask_cloud: bool = (
        False  # whether a person at the cloud tier is asked to approve what may be approved there
    )
    poll_s: float = 0.5  # how often the verdicts of other processes are looked for
