"""The promise of a device as its owner looks at it: in `tidegate risk ledger`, the doctor and the status."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edge.config import EdgeConfig
from edge.model import model_path, slots_of
from edge.promise.ledger import Sheet, sheets
from edge.promise.settings import promises_of
from edge.promise.stand import Stand
from edge.store.promises import PromiseStore
from edge.store.schema import DURABLE, open_durable, open_journal
from edge.stores import stores_of
from tidegate.risk.calibrate import FILE, Calibration, read_calibration
from tidegate.risk.task import Task
from tidegate.risk.terms import Support


def gather(config: EdgeConfig) -> tuple[Sheet, ...]:
    """The sheets of a state folder. Raises Broken when it, or the model's calibration, cannot be read."""
    if not promises_of(config.promise).any:
        return ()
    with stores_of(config) as stores:
        return sheets(config, stores.promises, calibration_of(config))


def stands(config: EdgeConfig, calibration: Calibration | None) -> Callable[[str, Task], Stand | None]:
    """How the promise of an application's requests stands for a model: as the state folder has it, or freshly begun where
    there is none yet; None where nothing was promised. Nothing is made or written. Raises Broken when the folder cannot be read."""
    promises = promises_of(config.promise)
    known = {sheet.line.key: sheet.stand for sheet in _kept(config, calibration)} if promises.any else {}

    def stand(application: str, task: Task) -> Stand | None:
        line = promises.line(application, task)
        return None if line is None else known[line.key]

    return stand


def _kept(config: EdgeConfig, calibration: Calibration | None) -> tuple[Sheet, ...]:
    """The sheets, without making a state folder."""
    if not (config.state / DURABLE).exists():
        return sheets(config, None, calibration)
    bases = (open_durable(config.state), open_journal(config.state))
    try:
        return sheets(config, PromiseStore(*bases), calibration)
    finally:
        for base in bases:
            base.close()


def calibration_of(config: EdgeConfig) -> Calibration | None:
    """That of the weights this device would start with; the model itself is not loaded. Raises Broken."""
    if not config.model.enabled:
        return None
    from tidegate.engines.native import file_digest

    slot = slots_of(config).bootable() if config.model.path is None else None
    path = slot.model if slot is not None else model_path(config)
    return read_calibration(path.parent / FILE, file_digest(path))


def summary(found: Sequence[Sheet], audit: float) -> tuple[bool, str, str]:
    """Whether all is well, what there is to say, and what to do about it."""
    said = [f"{sheet.line.key}: {_said(sheet)}" for sheet in found]
    alarmed = [sheet for sheet in found if sheet.alarmed]
    if alarmed:
        return (
            False,
            "; ".join(said),
            "an alarm rang: see `tidegate risk ledger`, then bring a model with a new fit",
        )
    if any(sheet.terms.support is Support.NO_CALIBRATION for sheet in found):
        return False, "; ".join(said), "use a model with its calibration"
    if not any(sheet.terms.holds for sheet in found):
        return False, "; ".join(said), "promise less, or bring a model with more outcomes (docs/promise.md)"
    if audit <= 0:
        return False, "; ".join(said), "nothing is audited: set promise.audit, or nobody sees a breach"
    return True, "; ".join(said), ""


def _said(sheet: Sheet) -> str:
    allowed = f"{100 * sheet.line.promise.wrong_at_most:g} %"
    match sheet.terms.support:
        case Support.HOLDS if sheet.keep_at > 1:
            return f"{allowed} promised, stopped by an alarm"
        case Support.HOLDS:
            return f"{allowed} promised, {sheet.state}, kept from P(right) {sheet.keep_at:.2f}"
        case Support.TOO_MANY_WRONG:
            return f"{allowed} cannot be promised: at least {100 * sheet.terms.must_escalate:.0f} % would have to go"
        case Support.TOO_FEW_OUTCOMES:
            return f"{allowed} cannot be promised: {sheet.terms.of} outcomes, {sheet.terms.fewest} are needed"
        case Support.NO_OUTCOMES:
            return "no outcomes, all is escalated"
        case Support.NO_CALIBRATION:
            return "the model was never measured, all is escalated"
