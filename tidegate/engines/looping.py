"""A Jinja environment for templates that nobody has read: the sandbox, and an end to loops and to texts that grow.

The sandbox forbids what reaches out, not what never ends: three nested loops over `range(99999)` that write nothing would
keep a thread for ever, and sixty doublings fill any memory. So every turn of a loop and every call of a macro is counted while a
template runs, and operators, filters and methods (`tidegate.engines.widths`) may not make a text beyond a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from tidegate.engines import widths
from tidegate.engines.widths import MOST_CHARACTERS, Endless

__all__ = ["MOST_CHARACTERS", "MOST_TURNS", "BoundedEnvironment", "Endless", "begin"]

MOST_TURNS = 50_000  # of all loops of one rendering: 2,000 messages with 128 tools need a tenth of it
_BITS = 10_000  # of a product
_TICK, _JOIN = "tidegate_tick", "tidegate_join"

_turns: ContextVar[int] = ContextVar("turns", default=0)


def begin() -> None:
    """A rendering starts: nothing has been counted yet."""
    _turns.set(0)


def _tick() -> str:
    count = _turns.get() + 1
    if count > MOST_TURNS:
        raise Endless("too many turns")
    _turns.set(count)
    return ""


def _join(*parts: object) -> str:
    """What `~` does, up to a bound."""
    widths.hold(sum(map(widths.length, parts)))
    return "".join(map(str, parts))


def _shown(value: object) -> object:
    """A value that is about to be written, if it is not too long: a list may hold itself many times."""
    if not isinstance(value, str):
        widths.hold(widths.length(value))
    return value


class _Counting(NodeTransformer):
    """Puts a count into each loop and macro, and a bound on each `~`."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802  named by jinja2
        return self._counted(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        return self._counted(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return nodes.Call(nodes.Name(_JOIN, "load"), node.nodes, [], None, None, lineno=node.lineno)

    def _counted(self, node: nodes.For | nodes.Macro) -> nodes.Node:
        self.generic_visit(node)
        call = nodes.Call(nodes.Name(_TICK, "load"), [], [], None, None, lineno=node.lineno)
        node.body.insert(0, nodes.ExprStmt(call, lineno=node.lineno))
        return node


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox with counted loops, and operators that may not make anything huge. Raises Endless while rendering."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self, **settings: Any) -> None:
        super().__init__(finalize=_shown, **settings)
        self.globals |= {_TICK: _tick, _JOIN: _join}
        self.filters |= widths.filters()
        for name in widths.ABSENT_FILTERS:
            del self.filters[name]
        for name in widths.ABSENT_GLOBALS:
            del self.globals[name]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = _Counting().visit(super()._parse(source, name, filename))
        return tree

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        match operator:
            case "*" if isinstance(left, int) and isinstance(right, int):
                large = 0 if left.bit_length() + right.bit_length() <= _BITS else MOST_CHARACTERS + 1
            case "*" | "+" if isinstance(left, int | float) and isinstance(right, int | float):
                large = 0
            case "*":
                large = _size(left) * _size(right)
            case "+":
                large = _size(left) + _size(right)
            case "%":
                large = 0
                if isinstance(left, str):
                    widths.percent(left, right)
            case _:
                large = MOST_CHARACTERS + 1  # powers: no template needs one
        if large > MOST_CHARACTERS:
            raise Endless("a value too large")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, called: Any, /, *given: Any, **named: Any) -> Any:
        owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
        return super().call(context, called, *widths.method(owner, name, given, named), **named)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if super().wrap_str_format(value) is None:
            return None
        text, mapped = str(value.__self__), value.__name__ == "format_map"

        def formatted(*given: Any, **named: Any) -> str:
            if mapped:
                return widths.Formatter(self).vformat(text, (), *given)
            return widths.Formatter(self).vformat(text, given, named)

        return formatted


def _size(value: object) -> int:
    """How much of a product a value makes: the length of a text or list, the number of a number."""
    if isinstance(value, int):
        return abs(value)
    return len(value) if isinstance(value, str | list | tuple) else 1
