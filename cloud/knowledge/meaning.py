"""Vectors of the documents and of a question: made once by the embedder, kept in a file, compared by cosine.

Making them takes a while (tens of milliseconds a sentence on one core), so it happens beside the running cloud; until then, and
without an embedder, `cosines` gives None and the documents are searched by words alone.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cloud.knowledge.rank import Corpus
from tidegate.errors import TidegateError
from tidegate.fs import write_durably
from tidegate.logs import Log

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_LOG = Log("cloud.knowledge")
_NICE = 10
_SLICE = 4  # texts embedded between two looks at whether we are to stop


class Embeds(Protocol):
    """Texts to rows of length one; the same text always gives the same row. Raises Broken."""

    def embed(self, texts: Sequence[str]) -> Floats: ...


@dataclass
class Meaning:
    """`load` gives the embedder (raises Broken when there is none); `name` tells one embedder's vectors from another's."""

    corpus: Corpus
    load: Callable[[], Embeds]
    name: str
    file: Path | None = None  # where vectors are kept between starts; what is in it may be lost
    _embedder: Embeds | None = field(default=None, init=False)
    _sentences: Floats | None = field(default=None, init=False, repr=False)
    _sections: Floats | None = field(default=None, init=False, repr=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False, repr=False)
    _thread: threading.Thread | None = field(default=None, init=False, repr=False)

    @property
    def ready(self) -> bool:
        return self._sections is not None

    def start(self) -> None:
        """Prepare on a thread of its own; `stop` ends it early."""
        self._thread = threading.Thread(target=self._prepare_or_tell, name="meaning", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 0.5) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _prepare_or_tell(self) -> None:
        with suppress(OSError, AttributeError):  # on Linux a thread's own: requests come first
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        try:
            self.prepare()
        except (TidegateError, OSError, MemoryError) as error:
            code = error.code if isinstance(error, TidegateError) else "vectors_not_made"
            _LOG.warning("searched_by_words_alone", code=code)

    def prepare(self) -> None:
        """Make what vectors are missing. Raises Broken without a working embedder, Exhausted without room."""
        import numpy as np

        embedder = self.load()
        texts = (*self.corpus.section_texts, *self.corpus.sentence_texts)
        known = self._kept()
        keys = [self._key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        fresh = list(missing.items())
        for at in range(0, len(fresh), _SLICE):
            if self._stop.is_set():
                return
            part = fresh[at : at + _SLICE]
            rows = embedder.embed([text for _, text in part])
            known |= {key: row for (key, _), row in zip(part, rows, strict=True)}
        if not texts:
            return
        rows = np.stack([known[key] for key in keys])
        cut = len(self.corpus.sections)
        self._embedder, self._sentences, self._sections = embedder, rows[cut:], rows[:cut]
        if fresh:
            self._keep(keys, rows)
        _LOG.info("searched_by_meaning_too", count=len(self.corpus.sentences))

    def cosines(self, question: str) -> tuple[Sequence[float], Sequence[float]] | None:
        """(of every sentence, of every section) with the question; None while there are no vectors. Raises Broken."""
        return None if self._embedder is None else self.near(self._embedder.embed([question])[0])

    def near(self, asked: Floats) -> tuple[Sequence[float], Sequence[float]] | None:
        """The same for a question's vector."""
        if self._sentences is None or self._sections is None:
            return None
        return (self._sentences @ asked).tolist(), (self._sections @ asked).tolist()

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self.name}\0{text}".encode("utf-8", "replace")).hexdigest()

    def _kept(self) -> dict[str, Floats]:
        """The vectors of an earlier start; none when the file is absent or damaged: then all are made again."""
        import numpy as np

        if self.file is None:
            return {}
        try:
            with np.load(io.BytesIO(self.file.read_bytes()), allow_pickle=False) as kept:
                keys, rows = kept["keys"].tolist(), kept["rows"]
        except (OSError, ValueError, KeyError, EOFError):
            return {}
        return dict(zip(map(str, keys), rows, strict=False))

    def _keep(self, keys: list[str], rows: Floats) -> None:
        import numpy as np

        if self.file is None:
            return
        content = io.BytesIO()
        np.savez(content, keys=np.array(keys), rows=rows)
        write_durably(self.file, content.getvalue())
