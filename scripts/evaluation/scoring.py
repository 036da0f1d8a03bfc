"""What a draft got right of what was asked. Pure.

Rule 1: a call is exact when tools and arguments are those expected, case and white space apart, in order
(`scripts.fit_confidence.is_right`, the same rule that confidence is fitted on). Rule 2: an argument is right when tool,
parameter and value are; arguments of a wrong tool are wrong. Rule 3: "not for me" and a broken call have no arguments.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from scripts.evaluation.intervals import Matches
from scripts.fit_confidence import is_right, plain
from scripts.training.records import Call, Example
from tidegate.chat import JSON
from tidegate.engines.port import Draft, Finish

_DIGIT = re.compile(r"\d")
_EDGE = re.compile(r"[-'\"\u2019\u201c\u201d\u2010-\u2014]|[^\x00-\x7f]")


def passed(draft: Draft) -> bool:
    """Whether the model said "not for me"."""
    return draft.finish is Finish.PASS


def is_written(draft: Draft) -> bool:
    """Whether a well-formed call came out, right or wrong."""
    return draft.finish is Finish.TOOL_CALLS and not draft.features.get("broken_call", 0.0)


def right_tools(draft: Draft, expected: Sequence[Call] | None) -> bool:
    """Whether the tools called are those expected, in order."""
    if expected is None or not is_written(draft):
        return False
    return [call.name for call in draft.tool_calls] == [call.name for call in expected]


def exact(draft: Draft, expected: Sequence[Call] | None) -> bool:
    """Whether the draft is exactly the calls expected."""
    return is_written(draft) and is_right(draft, expected)


def arguments(draft: Draft, expected: Sequence[Call] | None) -> Matches:
    """Arguments in common, written and wanted; an argument given twice counts twice."""
    wanted = Counter(
        (call.name, key, plain(value)) for call in expected or () for key, value in call.arguments
    )
    calls = draft.tool_calls if is_written(draft) else ()
    found = Counter(
        (call.name, key, plain(value)) for call in calls for key, value in _object(call.arguments).items()
    )
    return Matches((wanted & found).total(), found.total(), wanted.total())


def _object(text: str) -> dict[str, JSON]:
    try:
        value: JSON = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _values(example: Example) -> list[str | int | float | tuple[str, ...]]:
    return [value for call in example.expected_calls or () for _, value in call.arguments]


def several_calls(example: Example) -> bool:
    """Whether more than one call is due."""
    return len(example.expected_calls or ()) > 1


def has_number(example: Example) -> bool:
    """Whether a value is a number or has a digit in it."""
    return any(_DIGIT.search(str(value)) for value in _values(example))


def lower_case(example: Example) -> bool:
    """Whether the request has no capital letter."""
    return example.text == example.text.lower()


def odd_characters(example: Example) -> bool:
    """Whether a value has a hyphen, a quotation mark, an apostrophe or a letter beyond ASCII."""
    return any(_EDGE.search(str(value)) is not None for value in _values(example))


STRATA: Mapping[str, Callable[[Example], bool]] = {
    "several calls due": several_calls,
    "a number among the arguments": has_number,
    "request in lower case": lower_case,
    "hyphen, quote or accent in a value": odd_characters,
}
