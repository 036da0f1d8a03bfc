"""What a draft and its prompt show about whether the draft is right. Pure: numbers out, no text kept.

The tokens that decide are those of the tool's name and those where a value begins and ends: a model that is unsure of a
call is unsure there, while the JSON around them is always certain and only dilutes an average.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache

from tidegate.chat import JSON, Prompt, Tool, ToolCall
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.risk.wording import WORDING, wording

_NAME = re.compile(r'"name"\s*:\s*"((?:[^"\\]|\\.)*)"')
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*("(?:[^"\\]|\\.)*"|[^,{}\[\]\s]+)')
_WORD = re.compile(r"\w+")
_HUMPS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_FLOOR = -20.0  # natural log; below this, probabilities are all "never"

AFTER: tuple[str, ...] = (
    "sum_logprob", "mean_logprob", "min_logprob", "max_entropy", "min_margin",
    "name_logprob", "name_entropy", "name_margin",
    "key_logprob", "key_entropy", "key_margin",
    "value_logprob", "value_entropy", "value_margin", "value_sum", "forced", "end_logprob",
    "pass_odds", "call_odds", "first_entropy",
    "values", "calls", "copied", "uncopied", "covered", "named",
    "valid", "missing", "tools", "params", "words", "earlier", "written", *WORDING,
)  # fmt: skip
BEFORE: tuple[str, ...] = (
    "pass_odds", "call_odds", "first_entropy", "tool_entropy", "tool_margin",
    "tools", "params", "words", "earlier", "hinted",
)  # fmt: skip


class _Spans:
    """Parts of a text, one after another; none reaches into the next."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._starts, self.ends = [start for start, _ in spans], [end for _, end in spans]

    def touch(self, start: int, end: int) -> bool:
        """Whether one of them has a character of this stretch; of an empty stretch: lies around it."""
        at = bisect_right(self.ends, start)  # the first that ends behind its beginning
        return at < len(self.ends) and self._starts[at] < end


_last: tuple[Draft, Prompt, dict[str, float]] | None = None  # a draft is weighed, then shown


def after(draft: Draft, prompt: Prompt) -> Mapping[str, float]:
    """The features of a draft that has been written; keys are AFTER."""
    global _last  # noqa: PLW0603  one value, put in its place at once: any thread sees a whole one
    known = _last
    if known is not None and known[0] is draft and known[1] is prompt:
        return known[2]
    found = _after(draft, prompt)
    _last = (draft, prompt, found)
    return found


def _after(draft: Draft, prompt: Prompt) -> dict[str, float]:
    names, keys, values = _decisions(draft.tokens)
    arguments = [_arguments(call) for call in draft.tool_calls]
    said = _plain(prompt.last_user())
    texts = [_plain(value) for call in arguments for value in call.values() if isinstance(value, str)]
    copied = sum(1 for text in texts if text and text in said)
    logprobs = [max(t.logprob, _FLOOR) for t in draft.tokens] or [0.0]
    faults = [_faults(call, prompt.tools) for call in draft.tool_calls]
    made = [(call.name, given) for call, given in zip(draft.tool_calls, arguments, strict=True)]
    declared = {tool.name: tuple(_properties(tool)) for tool in prompt.tools}
    covering = wording(prompt.last_user(), made, declared)
    return _opening(draft.features) | _asked(prompt) | covering | {
        "sum_logprob": max(sum(logprobs), -60.0),
        "mean_logprob": sum(logprobs) / len(logprobs),
        "min_logprob": min(logprobs),
        "max_entropy": max((t.entropy for t in draft.tokens), default=0.0),
        "min_margin": min((t.margin for t in draft.tokens), default=0.0),
        **_worst("name", names),
        **_worst("key", keys),
        **_worst("value", values),
        "end_logprob": max(draft.features.get("end_logprob", 0.0), _FLOOR),
        "forced": min(draft.features.get("forced", 0.0), 10.0),
        "value_sum": max(sum(max(t.logprob, _FLOOR) for t in values), -60.0),
        "values": float(sum(len(call) for call in arguments)),
        "calls": float(len(draft.tool_calls)),
        "copied": copied / len(texts) if texts else 1.0,
        "uncopied": float(len(texts) - copied),
        "covered": min(sum(len(text) for text in texts) / max(len(said), 1), 1.0),
        "named": max((_shared(call.name, said) for call in draft.tool_calls), default=0.0),
        "valid": float(bool(draft.tool_calls) and not any(faults) and draft.finish is Finish.TOOL_CALLS),
        "missing": float(sum(faults)),
        "written": float(len(draft.tokens)),
    }  # fmt: skip


def before(glance: Mapping[str, float], prompt: Prompt) -> dict[str, float]:
    """The features known before anything is written; keys are BEFORE. `glance`: the engine's look at the first token."""
    said = _plain(prompt.last_user())
    hinted = max((_shared(tool.name, said) for tool in prompt.tools), default=0.0)
    tool = {name: glance.get(name, 0.0) for name in ("tool_entropy", "tool_margin")}
    return _opening(glance) | tool | _asked(prompt) | {"hinted": hinted}


def _opening(glance: Mapping[str, float]) -> dict[str, float]:
    return {
        "pass_odds": _log_odds(glance.get("pass_p", 0.0)),
        "call_odds": _log_odds(glance.get("call_p", 0.0)),
        "first_entropy": glance.get("first_entropy", 0.0),
    }


def _asked(prompt: Prompt) -> dict[str, float]:
    params = sum(len(_properties(tool)) for tool in prompt.tools)
    return {
        "tools": float(min(len(prompt.tools), 20)),
        "params": float(min(params, 100)),
        "words": float(min(len(_WORD.findall(prompt.last_user())), 100)),
        "earlier": float(len(prompt.messages) > 1),
    }


def _worst(what: str, tokens: Sequence[TokenScore]) -> dict[str, float]:
    return {
        f"{what}_logprob": min((max(t.logprob, _FLOOR) for t in tokens), default=0.0),
        f"{what}_entropy": max((t.entropy for t in tokens), default=0.0),
        f"{what}_margin": min((t.margin for t in tokens), default=10.0),
    }


def _decisions(tokens: Sequence[TokenScore]) -> tuple[list[TokenScore], list[TokenScore], list[TokenScore]]:
    """The tokens of tool names, of parameter names, and of argument values with their closing quotes."""
    raw = "".join(t.text for t in tokens)
    names = _Spans([m.span(1) for m in _NAME.finditer(raw)])
    pairs = [m for m in _PAIR.finditer(raw) if not names.touch(*m.span())]
    keys, values = _Spans([m.span(1) for m in pairs]), _Spans([m.span(2) for m in pairs])
    found: tuple[list[TokenScore], list[TokenScore], list[TokenScore]] = ([], [], [])
    if not names.ends and not pairs:
        return found
    at = 0
    for token in tokens:
        end = at + len(token.text)
        for kept, spans in zip(found, (names, keys, values), strict=True):
            if spans.touch(at, end):
                kept.append(token)
        at = end
    return found


def _faults(call: ToolCall, tools: Sequence[Tool]) -> int:
    """How many ways a call breaks its tool's schema: unknown keys, missing ones, wrong types, values outside an enum."""
    tool = next((t for t in tools if t.name == call.name), None)
    if tool is None:
        return 1
    properties = _properties(tool)
    arguments = _arguments(call)
    unknown = sum(1 for key in arguments if properties and key not in properties)
    missing = sum(1 for key in _required(tool) if key not in arguments)
    wrong = sum(1 for key, value in arguments.items() if not _fits(value, properties.get(key)))
    return unknown + missing + wrong


def _fits(value: JSON, schema: JSON) -> bool:
    if not isinstance(schema, dict):
        return True
    options = schema.get("enum")
    if isinstance(options, list) and value not in options:
        return False
    match schema.get("type"):
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return True


def _schema(tool: Tool) -> dict[str, JSON]:
    return _read(tool.parameters)


@lru_cache(maxsize=256)
def _read(parameters: str) -> dict[str, JSON]:
    """A schema, read once: the same tools come with every request. Not to be changed."""
    try:
        value: JSON = json.loads(parameters or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _properties(tool: Tool) -> dict[str, JSON]:
    found = _schema(tool).get("properties")
    return found if isinstance(found, dict) else {}


def _required(tool: Tool) -> list[str]:
    found = _schema(tool).get("required")
    return [key for key in found if isinstance(key, str)] if isinstance(found, list) else []


def _arguments(call: ToolCall) -> dict[str, JSON]:
    try:
        value: JSON = json.loads(call.arguments or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _shared(name: str, said: str) -> float:
    """The share of a tool name's words that the request says."""
    words = [w.casefold() for w in _HUMPS.findall(name)]
    return sum(1 for w in words if w in said) / len(words) if words else 0.0


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _log_odds(p: float) -> float:
    """Of a probability, clipped to what single precision can tell apart."""
    clipped = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(clipped / (1 - clipped))
