"""Tools as Anthropic's Messages and OpenAI's Responses offer them: one reader, since only names differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

from edge.gateway.reading import decoded_part, object_text
from tidegate.chat import Tool
from tidegate.errors import BadRequest


class Offered(Protocol):
    """What any dialect says of a tool. `parameters` is the text of its schema, whatever the dialect calls it."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str | None: ...

    @property
    def parameters(self) -> msgspec.Raw: ...


T = TypeVar("T", bound=Offered)


class _Kinded(msgspec.Struct, frozen=True):
    type: str | None = None


_kind_decoder = msgspec.json.Decoder(_Kinded)


def tools(
    offered: Iterable[msgspec.Raw],
    decoder: msgspec.json.Decoder[T],
    *,
    kinds: Sequence[str | None],
    schema: str,
) -> tuple[Tool, ...]:
    """The tools in the order offered. Raises BadRequest: of a kind that is not in `kinds`, or a name offered twice.

    `schema` is what the dialect calls the parameters.
    """
    found: dict[str, Tool] = {}
    for at, raw in enumerate(offered):
        where = f"tools[{at}]"
        if decoded_part(_kind_decoder, raw, where).type not in kinds:
            raise BadRequest(
                f"{where}: only tools of the application itself are offered here",
                code="unsupported_content",
                param=f"{where}.type",
            )
        tool = decoded_part(decoder, raw, where)
        if tool.name in found:
            raise BadRequest(f"{where}.name: offered twice", param=f"{where}.name")
        parameters = object_text(tool.parameters, f"{where}.{schema}")
        found[tool.name] = Tool(tool.name, tool.description or "", parameters)
    return tuple(found.values())
