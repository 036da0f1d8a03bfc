"""POST /v1/embeddings: texts to vectors, on this device. Nothing of it ever leaves."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, Protocol

import msgspec

from edge.gateway.reading import decoded
from tidegate.chat import JSON
from tidegate.errors import BadRequest

MODEL = "embedding"
WIDTH = 384
BUILT_IN: Mapping[str, int] = {MODEL: WIDTH}
MOST_TEXTS = 2048  # OpenAI's bound


class Vector(Protocol):
    """One text's place: little-endian float32 of length 1; how many pieces were read, and whether that was all of them."""

    @property
    def raw(self) -> bytes: ...

    @property
    def pieces(self) -> int: ...

    @property
    def whole(self) -> bool: ...


class Embeds(Protocol):
    """The embedder of this device."""

    @property
    def present(self) -> bool:
        """Whether it has been built here."""
        ...

    @property
    def width(self) -> int:
        """Numbers of a vector; 0 when that is not known before one is made."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """One vector per text. Raises Broken when it is missing or does not work, with what to run."""
        ...


class EmbeddingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/embeddings. edge.gateway.compat says what becomes of each field."""

    model: str
    input: str | list[str | int | list[int]]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, msgspec.Meta(ge=1)] | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class EmbeddingCall:
    """What an application asked for."""

    texts: tuple[str, ...] = field(repr=False)
    as_base64: bool = False
    model: str = MODEL


_decoder = msgspec.json.Decoder(EmbeddingBody)


def parse_embedding(
    body: bytes, *, max_depth: int = 64, widths: Mapping[str, int] = BUILT_IN
) -> EmbeddingCall:
    """The call in the body, to one of the models of `widths` (numbers of a vector; 0: not known).

    Raises BadRequest whose `param` names the field that is wrong.
    """
    found = decoded(_decoder, body, max_depth)
    if found.model not in widths:
        names = " or ".join(repr(name) for name in widths)
        raise BadRequest(
            f"embeddings come from the model {names}", code="model_not_found", param="model", status=404
        )
    width = widths[found.model]
    if found.dimensions is not None and found.dimensions != width:
        raise BadRequest(
            f"dimensions: vectors have {width or 'all their'} numbers here, and lose their meaning when they are cut",
            code="unsupported_parameter",
            param="dimensions",
        )
    return EmbeddingCall(_texts(found.input), found.encoding_format == "base64", found.model)


def _texts(given: str | list[str | int | list[int]]) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else given
    if not 1 <= len(texts) <= MOST_TEXTS:
        raise BadRequest(f"input: between 1 and {MOST_TEXTS} texts", code="invalid_parameter", param="input")
    return tuple(
        _text(one, "input" if isinstance(given, str) else f"input[{at}]") for at, one in enumerate(texts)
    )


def _text(one: str | int | list[int], where: str) -> str:
    if not isinstance(one, str):
        raise BadRequest(
            f"{where}: token ids mean something to one model alone; send texts (LangChain: check_embedding_ctx_length=False)",
            code="unsupported_content",
            param=where,
        )
    if not one:
        raise BadRequest(f"{where}: an empty text has no place", code="invalid_parameter", param=where)
    return one


def page(call: EmbeddingCall, vectors: Sequence[Vector]) -> dict[str, JSON]:
    """OpenAI's list of embeddings; `tidegate.cut` names the texts that were too long to be read whole."""
    read = sum(vector.pieces for vector in vectors)
    cut: list[JSON] = [at for at, vector in enumerate(vectors) if not vector.whole]
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": at, "embedding": _written(vector.raw, as_base64=call.as_base64)}
            for at, vector in enumerate(vectors)
        ],
        "model": call.model,
        "usage": {"prompt_tokens": read, "total_tokens": read},
        "tidegate": {"source": "device", "cut": cut},
    }


def _written(raw: bytes, *, as_base64: bool) -> JSON:
    if as_base64:
        return base64.b64encode(raw).decode()
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))
