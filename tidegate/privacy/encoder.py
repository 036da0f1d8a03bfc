"""One pass of the shipped encoder over a text: a tag score per word and an injection score.

Texts longer than a window are read in overlapping windows, one at a time, so a text's scores never depend on what it
is batched with, and memory stays that of one window. The file proves itself at load: frozen inputs must give the
expected numbers on this machine, otherwise `Broken`. Nothing of a text is kept but the scores of the last few scans.
"""

from __future__ import annotations

import hashlib
import json
import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.assets import model_dir
from tidegate.errors import BadRequest, Broken
from tidegate.privacy.wordpiece import Pieces, Word, WordPiece

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import onnxruntime as ort

    Floats = npt.NDArray[np.float32]

MAX_CHARS: Final = 1_048_576  # longer texts are refused: the caller fails closed
MAX_PIECES: Final = 131_072
_EDGE_GLUE: Final = 4  # what [CLS] and [SEP] carry: a line break on both sides
_REMEMBERED: Final = 64
_REMEMBERED_WORDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Settings:
    """`sentry.json`: what the weights expect and the thresholds that were measured for them."""

    tags: tuple[str, ...]
    window: int  # pieces per pass, [CLS] and [SEP] included
    overlap: int  # pieces two neighbouring windows share
    sha256: str
    entity_threshold: float  # probability of being private from which a word is marked
    minimum: Mapping[
        str, float
    ]  # by kind of tag: the mean score below which a whole find of that kind is dropped
    suspect: float  # injection score from which a text is suspect, and from which it is an attack
    attack: float


@dataclass(frozen=True, slots=True)
class Scan:
    """Scores of one text. `tags[i]` are the probabilities of word i in the order of `Settings.tags`."""

    words: tuple[Word, ...]
    tags: Floats = field(repr=False)
    injection: float


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces `start:end` are read; words `first:last` take their scores from this window."""

    start: int
    end: int
    first: int
    last: int


def windows(firsts: list[int], pieces: int, body: int, overlap: int) -> tuple[Window, ...]:
    """Cover `pieces` pieces with windows of at most `body`; each word is scored where it has the most context.

    `firsts` holds the first piece of each word. Windows begin at a word; neighbours share about `overlap` pieces.
    """
    if pieces <= body:
        return (Window(0, pieces, 0, len(firsts)),) if pieces else ()
    starts = [0]
    word = 0
    while starts[-1] + body < pieces:
        limit = max(starts[-1] + body - overlap, starts[-1] + 1)
        while word + 1 < len(firsts) and firsts[word + 1] <= limit:
            word += 1
        starts.append(firsts[word] if firsts[word] > starts[-1] else limit)
    middles = [(after + min(before + body, pieces)) // 2 for before, after in pairwise(starts)]
    cuts = [bisect_left(firsts, bound) for bound in (0, *middles, pieces)]
    return tuple(
        Window(start, min(start + body, pieces), cuts[at], cuts[at + 1]) for at, start in enumerate(starts)
    )


class Encoder:
    """Safe to share between threads. Make one with `Encoder.load`."""

    def __init__(self, session: ort.InferenceSession, wordpiece: WordPiece, settings: Settings) -> None:
        self.settings = settings
        self._session = session
        self._wordpiece = wordpiece
        self._known: OrderedDict[bytes, Scan] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> Encoder:
        """Open the model in `folder` and prove it. Raises Broken: missing or changed files, failed self-test."""
        try:
            settings = read_settings(folder / "sentry.json")
            digest = _digest(folder / "sentry.onnx")
            wordpiece = WordPiece.load(folder / "vocab.txt")
            vectors = json.loads((folder / "selftest.json").read_bytes())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _broken(
                f"the name model in {folder.name}/ cannot be read ({type(error).__name__})"
            ) from error
        if digest != settings.sha256:
            raise _broken("the name model's weights are not the ones its settings name")
        encoder = cls(_session(folder / "sentry.onnx", threads), wordpiece, settings)
        encoder.prove(vectors)
        return encoder

    def scan(self, text: str) -> Scan:
        """All scores of `text`. Raises BadRequest for a text beyond the limits, Broken when the runtime fails."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        scan = self._scan(text)
        if len(scan.words) <= _REMEMBERED_WORDS:
            with self._lock:
                self._known[key] = scan
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return scan

    def _scan(self, text: str) -> Scan:
        import numpy as np

        if len(text) > MAX_CHARS:
            raise _too_long(f"{len(text)} characters")
        pieces = self._wordpiece.encode(text)
        if len(pieces.ids) > MAX_PIECES:
            raise _too_long(f"{len(pieces.ids)} word pieces")
        tags = np.zeros((len(pieces.words), len(self.settings.tags)), dtype=np.float32)
        injection = 0.0
        body = self.settings.window - 2
        for window in windows(pieces.firsts, len(pieces.ids), body, self.settings.overlap):
            scores, verdict = self._run(pieces, window)
            rows = [pieces.firsts[word] - window.start + 1 for word in range(window.first, window.last)]
            tags[window.first : window.last] = scores[rows]
            injection = max(injection, verdict)
        return Scan(pieces.words, tags, injection)

    def _run(self, pieces: Pieces, window: Window) -> tuple[Floats, float]:
        cut = slice(window.start, window.end)
        return self._infer(
            [self._wordpiece.cls, *pieces.ids[cut], self._wordpiece.sep],
            [0, *pieces.shapes[cut], 0],
            [_EDGE_GLUE, *pieces.glues[cut], _EDGE_GLUE],
        )

    def _infer(self, ids: list[int], shapes: list[int], glues: list[int]) -> tuple[Floats, float]:
        import numpy as np

        feed = {"ids": np.array([ids]), "shapes": np.array([shapes]), "glues": np.array([glues])}
        try:
            tags, injection = self._session.run(["tags", "injection"], feed)
        except Exception as error:  # the runtime's own untyped errors end here
            raise _broken("the name model failed while reading a text") from error
        return np.asarray(tags, dtype=np.float32)[0], float(np.asarray(injection).reshape(-1)[0])

    def prove(self, vectors: dict[str, object]) -> None:
        """Compare with the frozen vectors that travel with the file. Raises Broken on the first that differs."""
        import numpy as np

        try:
            tolerance = float(str(vectors["tolerance"]))
            rows = vectors["vectors"]
            assert isinstance(rows, list) and rows  # noqa: S101, PT018
            for row in rows:
                pieces = self._wordpiece.encode(row["text"])
                if pieces.ids != row["ids"] or pieces.shapes != row["shapes"] or pieces.glues != row["glues"]:
                    raise _broken("the name model's self-test failed: words are cut differently here")
                tags, injection = self._run(pieces, Window(0, len(pieces.ids), 0, len(pieces.words)))
                wrong = np.abs(tags[1:-1] - np.asarray(row["tags"], dtype=np.float32)).max()
                if not (wrong <= tolerance and abs(injection - float(row["injection"])) <= tolerance):
                    raise _broken("the name model's self-test failed: this machine computes other numbers")
        except (KeyError, TypeError, ValueError, AssertionError) as error:
            raise _broken("the name model's self-test cannot be read") from error


@cache
def shipped() -> Encoder:
    """The encoder of this installation, loaded once per process. Raises Broken."""
    return Encoder.load(model_dir("sentry"))


def read_settings(path: Path) -> Settings:
    """Parse `sentry.json`. Raises OSError, ValueError, KeyError, TypeError, AttributeError."""
    raw = json.loads(path.read_bytes())
    thresholds = raw["thresholds"]
    return Settings(
        tags=tuple(str(tag) for tag in raw["tags"]),
        window=int(raw["window"]),
        overlap=int(raw["overlap"]),
        sha256=str(raw["sha256"]),
        entity_threshold=float(thresholds["entity"]),
        minimum={str(kind): float(least) for kind, least in thresholds["minimum"].items()},
        suspect=float(thresholds["suspect"]),
        attack=float(thresholds["attack"]),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _session(path: Path, threads: int) -> ort.InferenceSession:
    """A CPU session that holds little memory: no arena, no spinning threads."""
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise _broken("the name model needs onnxruntime, which is not installed") from error
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own untyped errors end here
        raise _broken("the name model cannot be opened by onnxruntime") from error


def _broken(message: str) -> Broken:
    return Broken(
        message, code="sentry_broken", hint='nothing is sent until it works; run "tidegate edge doctor"'
    )


def _too_long(size: str) -> BadRequest:
    return BadRequest(
        f"a text of {size} is longer than the private-text scan accepts; nothing was sent",
        code="text_too_long",
        status=413,
        hint=f"split it into parts of at most {MAX_CHARS} characters",
    )
