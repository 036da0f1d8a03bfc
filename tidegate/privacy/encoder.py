"""One pass of an encoder over a text: a tag score per word, an injection score, and what the text is about.

Texts longer than a window are read in overlapping windows, one at a time, so a text's scores never depend on what it
is batched with, and memory stays that of one window. The file proves itself at load: frozen inputs must give the
expected numbers with the chosen provider on this machine, otherwise `Broken`. Nothing of a text is kept but the scores
of the last few scans.
"""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.assets import model_dir
from tidegate.clock import Clock, SystemClock
from tidegate.errors import BadRequest, Broken
from tidegate.privacy import providers
from tidegate.privacy.package import FOLDERS, Package, Settings, Size, Vector, broken, read_package
from tidegate.privacy.providers import Provider, Race
from tidegate.privacy.sessions import OnnxRuntime, Runtime, Session, best_ms
from tidegate.privacy.subject import Subject
from tidegate.privacy.wordpiece import Pieces, Word

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

MAX_CHARS: Final = 1_048_576  # longer texts are refused: the caller fails closed
MAX_PIECES: Final = 131_072
_EDGE_GLUE: Final = 4  # what [CLS] and [SEP] carry: a line break on both sides
_REMEMBERED: Final = 64
_REMEMBERED_WORDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Scan:
    """Scores of one text. `tags[i]` are the probabilities of word i in the order of `Settings.tags`."""

    words: tuple[Word, ...]
    tags: Floats = field(repr=False)
    injection: float
    subject: Subject | None = None  # None: an empty text, or weights without the small heads


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What one window says: rows of tag scores ([CLS] and [SEP] included), and what holds for the whole window."""

    tags: Floats
    injection: float
    domain: Floats
    complexity: Floats


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

    def __init__(self, session: Session, package: Package) -> None:
        self.settings: Settings = package.settings
        self.race: Race | None = None  # how the provider was chosen
        self._session = session
        self._wordpiece = package.wordpiece
        self._outputs = ("tags", "injection", *(("domain", "complexity") if package.settings.domains else ()))
        self._known: OrderedDict[bytes, Scan] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        threads: int = 1,
        book: Path | None = None,
        runtime: Runtime | None = None,
        clock: Clock | None = None,
    ) -> Encoder:
        """Open the model in `folder` with the fastest provider that proves itself.

        `book` is the file that remembers races; without it, or with one candidate, there is nothing to remember.
        Raises Broken: missing or changed files, or no provider that passes the self-test.
        """
        package = read_package(folder)
        starter = Starter(package, threads, runtime or OnnxRuntime(), clock or SystemClock())
        machine = starter.runtime.machine(threads)
        names = providers.candidates(machine.reported)
        if len(names) == 1:
            return starter.start(names[0])
        at = providers.key(package.settings.sha256, machine)
        known = providers.recall(book, at)
        if known is not None and known.winner in names:
            try:
                encoder = starter.start(known.winner)
            except Broken:
                known = None  # a driver changed under it: race again
            else:
                encoder.race = known
                return encoder
        race, encoder = providers.run(names, starter.start, starter.timed)
        providers.keep(book, at, race)
        encoder.race = race
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
            raise _too_long(f"{len(text)} characters", f"{MAX_CHARS} characters")
        pieces = self._wordpiece.encode(text)
        if len(pieces.ids) > MAX_PIECES:
            raise _too_long(f"{len(pieces.ids)} word pieces", f"{MAX_PIECES} word pieces")
        tags = np.zeros((len(pieces.words), len(self.settings.tags)), dtype=np.float32)
        injection, weighed = 0.0, []
        body = self.settings.window - 2
        for window in windows(pieces.firsts, len(pieces.ids), body, self.settings.overlap):
            said = self._run(pieces, window)
            rows = [pieces.firsts[word] - window.start + 1 for word in range(window.first, window.last)]
            tags[window.first : window.last] = said.tags[rows]
            injection = max(injection, said.injection)
            weighed.append((window.last - window.first, said))
        return Scan(pieces.words, tags, injection, self._subject(weighed))

    def _subject(self, weighed: list[tuple[int, Verdicts]]) -> Subject | None:
        """The windows' verdicts, weighted by the words that each window scores."""
        import numpy as np

        words = sum(weight for weight, _ in weighed)
        if not self.settings.domains or not words:
            return None
        shares = [weight / words for weight, _ in weighed]
        if len(weighed) == 1:  # as most texts: nothing to weigh
            domain, complexity = weighed[0][1].domain, weighed[0][1].complexity
        else:
            domain = np.average([said.domain for _, said in weighed], axis=0, weights=shares)
            complexity = np.average([said.complexity for _, said in weighed], axis=0, weights=shares)
        best = int(domain.argmax())
        return Subject(
            self.settings.domains[best], float(domain[best]), float(complexity[0]), float(complexity[1])
        )

    def _run(self, pieces: Pieces, window: Window) -> Verdicts:
        import numpy as np

        try:
            result = self._session.run(self._outputs, self.feed(pieces, window))
        except Exception as error:  # the runtime's own untyped errors end here
            raise broken("the name model failed while reading a text") from error
        flat = [np.asarray(part, dtype=np.float32) for part in result]
        nothing = np.zeros(0, dtype=np.float32)
        domain, complexity = (flat[2][0], flat[3][0]) if len(flat) > 2 else (nothing, nothing)
        return Verdicts(flat[0][0], float(flat[1].reshape(-1)[0]), domain, complexity)

    def feed(self, pieces: Pieces, window: Window) -> dict[str, npt.NDArray[np.int64]]:
        """The model's inputs for one window."""
        import numpy as np

        cut = slice(window.start, window.end)
        return {
            "ids": np.array([[self._wordpiece.cls, *pieces.ids[cut], self._wordpiece.sep]]),
            "shapes": np.array([[0, *pieces.shapes[cut], 0]]),
            "glues": np.array([[_EDGE_GLUE, *pieces.glues[cut], _EDGE_GLUE]]),
        }

    def pieces(self, text: str) -> list[int]:
        """The ids of `text`, without [CLS] and [SEP]: what a pass over it costs."""
        return self._wordpiece.encode(text).ids

    def best_ms(self, text: str, clock: Clock) -> float:
        """Milliseconds of the fastest of some passes over the first window of `text`. Raises Broken."""
        pieces = self._wordpiece.encode(text)
        end = min(len(pieces.ids), self.settings.window - 2)
        return best_ms(self._session, self._outputs, self.feed(pieces, Window(0, end, 0, 0)), clock)

    def prove(self, vectors: list[Vector], tolerance: float) -> None:
        """Compare with the frozen vectors that travel with the file. Raises Broken on the first that differs."""
        for vector in vectors:
            pieces = self._wordpiece.encode(vector.text)
            if (pieces.ids, pieces.shapes, pieces.glues) != (vector.ids, vector.shapes, vector.glues):
                raise broken("the name model's self-test failed: words are cut differently here")
            said = self._run(pieces, Window(0, len(pieces.ids), 0, len(pieces.words)))
            if not _worst(said, vector) <= tolerance:  # not >: NaN fails too
                raise broken("the name model's self-test failed: this machine computes other numbers")


def _worst(said: Verdicts, vector: Vector) -> float:
    """The largest difference between what a machine says and what it should say; infinite when shapes differ."""
    import numpy as np

    worst = abs(said.injection - vector.injection)
    pairs = (
        (said.tags[1:-1], vector.tags),
        (said.domain, vector.domain),
        (said.complexity, vector.complexity),
    )
    for got, wanted in pairs:
        expected = np.asarray(wanted, dtype=np.float32)
        if got.shape != expected.shape:
            return float("inf")
        worst = float(np.maximum(worst, np.abs(got - expected).max(initial=0.0)))
    return worst


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts an encoder with one provider, and times it: what a race needs."""

    package: Package
    threads: int
    runtime: Runtime
    clock: Clock

    def start(self, provider: Provider) -> Encoder:
        """Open and prove. Raises Broken."""
        session = self.runtime.open(self.package.weights, provider, self.threads)
        encoder = Encoder(session, self.package)
        encoder.race = Race(provider, ())
        encoder.prove(self.package.vectors.vectors, self.package.vectors.tolerance)
        return encoder

    def timed(self, encoder: Encoder) -> float:
        """Milliseconds of a full window: the frozen texts one after the other. Raises Broken."""
        return encoder.best_ms(" ".join(vector.text for vector in self.package.vectors.vectors), self.clock)


def contest(
    folder: Path, *, threads: int = 1, runtime: Runtime | None = None, clock: Clock | None = None
) -> Race:
    """A race for its own sake, whatever is remembered: what doctor shows. Raises Broken when nobody passes."""
    starter = Starter(read_package(folder), threads, runtime or OnnxRuntime(), clock or SystemClock())
    names = providers.candidates(starter.runtime.machine(threads).reported)
    return providers.run(names, starter.start, starter.timed)[0]


def remembered(folder: Path, book: Path, *, threads: int = 1, runtime: Runtime | None = None) -> Race | None:
    """The race that a load with this book would go by; None when it would race. Raises Broken."""
    machine = (runtime or OnnxRuntime()).machine(threads)
    return providers.recall(book, providers.key(read_package(folder).settings.sha256, machine))


def shipped(size: Size = Size.FULL, book: Path | None = None) -> Encoder:
    """An encoder of this installation, loaded once per process. Raises Broken."""
    return _loaded(size, book)


@cache
def _loaded(size: Size, book: Path | None) -> Encoder:
    return Encoder.load(model_dir(FOLDERS[size]), book=book)


def _too_long(size: str, most: str) -> BadRequest:
    return BadRequest(
        f"a text of {size} is longer than the private-text scan accepts; nothing was sent",
        code="text_too_long",
        status=413,
        hint=f"split it into parts of at most {most}",
    )
