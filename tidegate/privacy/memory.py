"""What was found in which text, so that a turn of a conversation scans only what is new. Holds digests and places, no text."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from tidegate.privacy.spans import Span


class Memory:
    """The latest `most` answers. Safe from several threads; two that ask for the same new text at once both look at it."""

    __slots__ = ("_known", "_lock", "_most")

    def __init__(self, most: int = 4096) -> None:
        self._known: OrderedDict[Hashable, tuple[Span, ...]] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def recall(self, text: str, who: Hashable, look: Callable[[], tuple[Span, ...]]) -> tuple[Span, ...]:
        """What `who` finds in `text`: remembered, or looked for now. What `look` raises is not remembered."""
        key = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), who)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        found = look()
        with self._lock:
            self._known[key] = found
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return found
