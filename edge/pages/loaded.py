"""What is loaded, each part in a line: the model and its quantisation, the sentry, the embedder, the update slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.config import EdgeConfig
from edge.model import journal_of, model_path
from edge.pages.seen import Part, Sign
from edge.update.journal import decode
from tidegate.engines.seats import Seats
from tidegate.errors import TidegateError


class ModelSeen(Protocol):
    """The model slot as it is looked at."""

    @property
    def ready(self) -> bool: ...

    @property
    def model(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def calibrated(self) -> bool: ...

    @property
    def keep_at(self) -> float: ...

    @property
    def context_tokens(self) -> int: ...

    @property
    def speaks(self) -> bool: ...

    @property
    def seats(self) -> Seats | None: ...


@dataclass(frozen=True, slots=True)
class Sentry:
    """The detectors as they are now: `failed` why they cannot be loaded, `degraded` what they do without."""

    loaded: bool
    encoder: str = ""
    patterns: int = 0
    degraded: str = ""
    failed: str = ""


class Quantisations:
    """The quantisation of a model file by its digest: headers are read once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, digest: str, config: EdgeConfig) -> str:
        if digest not in self._known:
            self._known[digest] = _quantisation(weights_in_use(digest, config))
        return self._known[digest]


def weights_in_use(digest: str, config: EdgeConfig) -> Path | None:
    """The file of the weights with this digest, as far as the settings and the update's journal tell."""
    try:
        content = journal_of(config).load() if config.model.path is None else None
        running = decode(content).running if content is not None else None
        if running is not None and running.digest and running.model_digest == digest:
            return next((config.state / "models" / "gen" / running.digest[:12]).glob("*.gguf"), None)
        return model_path(config)
    except (TidegateError, OSError):
        return None


def _quantisation(path: Path | None) -> str:
    if path is None:
        return ""
    from tidegate.engines.gguf import read_header

    try:
        return read_header(path).quantisation
    except TidegateError:
        return ""


def model_part(local: ModelSeen, quantisation: str, config: EdgeConfig) -> Part:
    if not config.model.enabled:
        return Part("Model", Sign.OFF, "switched off", "everything is escalated")
    if not local.ready:
        return Part("Model", Sign.BAD, "none could be loaded", "see `tidegate edge doctor`")
    what = " · ".join(
        part for part in (local.model, quantisation, f"{local.context_tokens} tokens of context") if part
    )
    keep = config.policy.keep_at if config.policy.keep_at is not None else local.keep_at
    if not local.calibrated:
        return Part("Model", Sign.CARE, what, "not calibrated: its confidence is a stated guess")
    return Part("Model", Sign.GOOD, what, f"calibrated; keeps an answer from P(right) {keep:.2f}")


def sentry_part(sentry: Sentry | None) -> Part:
    if sentry is None:
        return Part("Sentry", Sign.OFF, "not needed", "nothing leaves this device")
    if sentry.failed:
        return Part("Sentry", Sign.BAD, "cannot look for private text", f"{sentry.failed}; nothing leaves")
    if not sentry.loaded:
        return Part(
            "Sentry", Sign.CARE, "is being loaded", "nothing leaves before it has passed its self-test"
        )
    what = f"{sentry.patterns} formats" + (f" and names ({sentry.encoder})" if sentry.encoder else "")
    if sentry.degraded:
        return Part("Sentry", Sign.CARE, what, sentry.degraded)
    return Part("Sentry", Sign.GOOD, what, "passed its self-test")


def embedder_part(present: bool) -> Part:
    if present:
        return Part("Embedder", Sign.GOOD, "built on this machine", "POST /v1/embeddings answers here")
    return Part("Embedder", Sign.OFF, "not built", "`tidegate models build embedder` makes it")


def update_part(config: EdgeConfig) -> Part:
    try:
        content = journal_of(config).load()
        update = decode(content) if content is not None else None
    except (TidegateError, OSError):
        return Part("Update slot", Sign.BAD, "its journal cannot be read", "see `tidegate edge doctor`")
    running = (
        "the model that ships with the device"
        if update is None or not update.running.digest
        else str(update.running.release)
    )
    if not config.managed:
        return Part("Update slot", Sign.OFF, running, "no broker: updates are not looked for")
    state = str(update.state) if update is not None else "idle"
    bad = update is not None and bool(update.known_bad)
    return Part("Update slot", Sign.CARE if bad else Sign.GOOD, running, f"last update: {state}")


Parts = Callable[[], tuple[Part, ...]]
