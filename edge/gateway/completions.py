"""POST /v1/completions, OpenAI's older shape: each prompt is one user turn of the same turn that chat takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import msgspec

from edge.gateway.dialect import Spoken, refuse
from edge.gateway.reading import decoded, null
from edge.gateway.render import Page, extension, fingerprint, finish, notice, pieces, said, usage
from edge.gateway.schema import ChatCall, StreamOptions
from edge.ports import Answer, Source
from tidegate.chat import JSON, Message, Prompt, Role
from tidegate.engines.port import TokenScore
from tidegate.errors import BadRequest

MOST_CHOICES = 8  # of all prompts together
_Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]


class CompletionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/completions. edge.gateway.compat says what becomes of each field."""

    model: str
    prompt: str | list[str | int | list[int]]
    best_of: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    echo: bool | None = None
    frequency_penalty: _Penalty | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: Annotated[int, msgspec.Meta(ge=0, le=5)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=MOST_CHOICES)] | None = None
    presence_penalty: _Penalty | None = None
    seed: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: str | Annotated[tuple[str, ...], msgspec.Meta(max_length=4)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    suffix: msgspec.Raw = msgspec.field(default_factory=null)
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    user: str | None = None


_decoder = msgspec.json.Decoder(CompletionBody)


def read(body: bytes, max_depth: int) -> Spoken:
    """The call in the body, and how its page is written. Raises BadRequest whose `param` names the field that is wrong."""
    found = decoded(_decoder, body, max_depth)
    refuse(found, ("suffix",))
    if (found.best_of or 1) != 1:
        raise BadRequest(
            "best_of: one answer is made for each choice", code="unsupported_parameter", param="best_of"
        )
    if found.echo and found.logprobs is not None:
        raise BadRequest(
            "echo: the tokens of a prompt have no logprobs here", code="unsupported_parameter", param="echo"
        )
    texts = _texts(found)
    first = _prompt(found, texts[0])
    call = ChatCall(
        prompt=first,
        model=found.model,
        stream=bool(found.stream),
        include_usage=bool(found.stream_options and found.stream_options.include_usage),
        choices=found.n or 1,
        logprobs=found.logprobs is not None,
        more=tuple(replace(first, messages=(Message(Role.USER, text),)) for text in texts[1:]),
    )
    echoed = tuple(text for text in texts for _ in range(call.choices)) if found.echo else ()
    return Spoken(call, lambda page: whole(page, echoed), lambda page: events(page, echoed))


def _texts(found: CompletionBody) -> tuple[str, ...]:
    given = [found.prompt] if isinstance(found.prompt, str) else found.prompt
    if not given:
        raise BadRequest("prompt: at least one text", code="invalid_parameter", param="prompt")
    if len(given) * (found.n or 1) > MOST_CHOICES:
        raise BadRequest(
            f"prompt: at most {MOST_CHOICES} choices in all", code="invalid_parameter", param="prompt"
        )
    texts = [text for text in given if isinstance(text, str)]
    if len(texts) != len(given):
        raise BadRequest(
            "prompt: token ids mean something to one model alone; send texts",
            code="unsupported_content",
            param="prompt",
        )
    return tuple(texts)


def _prompt(found: CompletionBody, text: str) -> Prompt:
    return Prompt(
        messages=(Message(Role.USER, text),),
        max_tokens=found.max_tokens or 256,
        temperature=found.temperature or 0.0,
        top_p=found.top_p or 1.0,
        seed=(found.seed or 0) & 0x7FFFFFFF,
        stop=(found.stop,) if isinstance(found.stop, str) else found.stop or (),
        top_logprobs=found.logprobs or 0,
    )


def whole(page: Page, echoed: tuple[str, ...] = ()) -> dict[str, JSON]:
    """The whole `text_completion`."""
    choices: list[JSON] = []
    for index, (_, answer) in enumerate(page.answers):
        before = (echoed[index] if echoed else "") + (notice(page) if index == 0 else "")
        scores = _scores(page, answer)
        choices.append(
            _choice(index, before + said(answer), finish(page, answer), _logprobs(scores, len(before)))
        )
    return {**_body(page, choices), "usage": usage(page.usage, page.reused), "tidegate": extension(page)}


def events(page: Page, echoed: tuple[str, ...] = ()) -> Iterator[bytes]:
    """The same as server-sent events, ended by [DONE]."""
    for index in range(len(page.answers)):
        before = (echoed[index] if echoed else "") + (notice(page) if index == 0 else "")
        at = len(before)
        if before:
            yield _line(page, _body(page, [_choice(index, before)]))
        for text, scores in pieces(page, index):
            shown = scores if page.logprobs else ()
            yield _line(page, _body(page, [_choice(index, text, None, _logprobs(shown, at))]))
            at += len(text)
        page = page.settled()
        _, answer = page.answers[index]
        last = _body(page, [_choice(index, "", finish(page, answer))])
        if index == len(page.answers) - 1:
            last["tidegate"] = extension(page)
        yield _line(page, last)
    if page.usage_chunk:
        yield (
            b"data: "
            + msgspec.json.encode({**_body(page, []), "usage": usage(page.usage, page.reused)})
            + b"\n\n"
        )
    yield b"data: [DONE]\n\n"


def _body(page: Page, choices: list[JSON]) -> dict[str, JSON]:
    return {
        "id": "cmpl-" + page.answers[0][0].removeprefix("req_"),
        "object": "text_completion",
        "created": page.created,
        "model": page.model,
        "system_fingerprint": fingerprint(page.answers[0][1]),
        "choices": choices,
    }


def _line(page: Page, body: dict[str, JSON]) -> bytes:
    if page.usage_chunk:
        body["usage"] = None
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def _choice(
    index: int, text: str, ended: str | None = None, logprobs: dict[str, JSON] | None = None
) -> dict[str, JSON]:
    return {"text": text, "index": index, "logprobs": logprobs, "finish_reason": ended}


def _scores(page: Page, answer: Answer) -> tuple[TokenScore, ...]:
    """Those of the device's own answers, when they were asked for."""
    shown = page.logprobs and answer.draft is not None and answer.source is Source.DEVICE
    return answer.draft.tokens if shown and answer.draft is not None else ()


def _logprobs(scores: tuple[TokenScore, ...], at: int) -> dict[str, JSON] | None:
    if not scores:
        return None
    offsets: list[JSON] = []
    for score in scores:
        offsets.append(at)
        at += len(score.text)
    return {
        "tokens": [score.text for score in scores],
        "token_logprobs": [score.logprob for score in scores],
        "top_logprobs": [dict(score.top) for score in scores],
        "text_offset": offsets,
    }
