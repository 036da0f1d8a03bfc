"""Measures an exported file on held-out requests, greedily, through the whole path, with 95 % intervals."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.evaluation.intervals import wilson
from scripts.training import data
from scripts.training.prove import Exported
from scripts.training.records import Call
from scripts.training.template import CALL, PASS

Answer = tuple[Call, ...] | None


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`, printed with Wilson's 95 % score interval."""

    hits: int
    n: int

    def __str__(self) -> str:
        found = wilson(self.hits, self.n)
        return f"{100 * found.value:.1f} % [{100 * found.low:.1f}, {100 * found.high:.1f}] (n={self.n})"


@dataclass(frozen=True, slots=True)
class Measures:
    """What one source of held-out requests shows."""

    source: str
    right_decision: Share
    right_tool: Share
    exact_call: Share

    def row(self) -> str:
        """A Markdown table row."""
        return f"| {self.source} | {self.right_decision} | {self.right_tool} | {self.exact_call} |"


def parse(text: str) -> Answer:
    """The calls a model wrote; None when it passed; an empty tuple when the text is neither."""
    if text.startswith(PASS):
        return None
    calls = []
    for part in text.split(CALL)[1:]:
        try:
            body = json.loads(part)
            calls.append(Call(str(body["name"]), tuple(dict(body["arguments"]).items())))
        except (ValueError, KeyError, TypeError):
            return ()
    return tuple(calls)


def same(found: Answer, wanted: Answer) -> bool:
    """Exact match: same calls in the same order, arguments equal but for case and order."""
    if found is None or wanted is None:
        return found is None and wanted is None
    return [_plain(call) for call in found] == [_plain(call) for call in wanted]


def _plain(call: Call) -> tuple[str, frozenset[tuple[str, str]]]:
    return call.name, frozenset((key, str(value).strip().lower()) for key, value in call.arguments)


def measure(path: Path, examples: Iterable[data.Example], source: str) -> Measures:
    """Greedy answers to `examples`. The decision is right when it calls where a call is due and passes where not."""
    exported = Exported(path)
    end = exported.tokens("</s>")[0]
    texts = {at: exported.piece(at) for at in range(exported.size)}
    decided = named = exact = n = asked = 0
    for example in examples:
        n += 1
        wanted = example.expected_calls
        ids = exported.greedy(exported.tokens(exported.prompt(example)), end)
        found = parse(b"".join(texts[at] for at in ids).decode("utf-8", "replace"))
        decided += (found is None) == (wanted is None)
        if wanted is not None:
            asked += 1
            named += found is not None and [c.name for c in found] == [c.name for c in wanted]
            exact += same(found, wanted)
    exported.close()
    return Measures(source, Share(decided, n), Share(named, asked), Share(exact, asked))
