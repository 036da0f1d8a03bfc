"""The compatibility page says what the endpoints do: every field of every table is tried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai.types import completion_create_params, embedding_create_params
from openai.types.chat import completion_create_params as chat_create_params
from openai.types.responses import response_create_params

from edge.embedding import Vector
from edge.gateway.compat import ENDPOINTS, Endpoint, page, undocumented
from edge.gateway.dialect import Spoken
from edge.gateway.embeddings import page as embedding_page
from edge.gateway.render import Page
from edge.gateway.tables import Field, Treatment
from edge.ports import Answer, Source, State
from edge.routing.plan import Why
from tidegate.engines.port import Draft, TokenScore
from tidegate.errors import BadRequest
from tidegate.ids import RequestId

PAGE = Path(__file__).resolve().parents[3] / "docs" / "openai-compatibility.md"
ANSWER = Answer(
    State.ANSWERED,
    Source.DEVICE,
    Why.CONFIDENT,
    "it is",
    draft=Draft("it is", tokens=(TokenScore("it is", -0.1),)),
)
OPENAI = {
    "/v1/chat/completions": chat_create_params.CompletionCreateParamsBase,
    "/v1/completions": completion_create_params.CompletionCreateParamsBase,
    "/v1/embeddings": embedding_create_params.EmbeddingCreateParams,
    "/v1/responses": response_create_params.ResponseCreateParamsBase,
}


def rows(which: Treatment) -> Iterator[object]:
    for endpoint in ENDPOINTS:
        for name, field in endpoint.fields.items():
            if field.treatment is which:
                yield pytest.param(endpoint, name, field, id=f"{endpoint.path.removeprefix('/v1/')}-{name}")


def outcome(endpoint: Endpoint, *members: str) -> object:
    """What a body comes to: the call and everything that is written for it, or what is wrong with it."""
    body = json.loads("{" + endpoint.least + "}")
    for member in members:
        body |= json.loads("{" + member + "}")
    try:
        spoken = endpoint.read(json.dumps(body).encode(), 64)
    except BadRequest as error:
        return error.status, error.code, error.param
    if not isinstance(spoken, Spoken):
        return spoken, embedding_page(spoken, [Vector(b"\0" * 8, 3, True) for _ in spoken.texts])
    prompts = (1 + len(spoken.call.more)) * spoken.call.choices
    answers = tuple((RequestId(f"req_{at:08}"), ANSWER) for at in range(prompts))
    made = Page(answers, 1, "m", logprobs=spoken.call.logprobs, usage_chunk=spoken.call.include_usage)
    return spoken.call, spoken.whole(made), b"".join(spoken.events(made))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.path)
def test_every_field_is_documented(endpoint: Endpoint) -> None:
    assert undocumented(endpoint) == set()


@pytest.mark.parametrize(
    "endpoint", [one for one in ENDPOINTS if one.path in OPENAI], ids=lambda one: one.path
)
def test_every_field_that_the_sdk_can_send_has_a_row(endpoint: Endpoint) -> None:
    assert set(OPENAI[endpoint.path].__annotations__) - endpoint.fields.keys() == set()


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text() == page(), "run: python -m edge.gateway.compat > docs/openai-compatibility.md"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.path)
def test_a_field_without_a_row_is_refused(endpoint: Endpoint) -> None:
    assert outcome(endpoint, '"frobnicate":1') == (400, "unknown_parameter", "frobnicate")


@pytest.mark.parametrize(("endpoint", "name", "field"), rows(Treatment.HONOURED))
def test_an_honoured_field_changes_the_call_or_what_is_written(
    endpoint: Endpoint, name: str, field: Field
) -> None:
    beside = (field.beside,) if field.beside else ()
    found, without = outcome(endpoint, *beside, f'"{name}":{field.sample}'), outcome(endpoint, *beside)
    assert found != without
    assert found != (400, "unknown_parameter", name)


@pytest.mark.parametrize(("endpoint", "name", "field"), rows(Treatment.IGNORED))
def test_an_ignored_field_changes_nothing(endpoint: Endpoint, name: str, field: Field) -> None:
    found = outcome(endpoint, f'"{name}":{field.sample}')
    assert found == outcome(endpoint)
    assert found != (400, "unknown_parameter", name)


@pytest.mark.parametrize(("endpoint", "name", "field"), rows(Treatment.REFUSED))
def test_a_refused_field_is_named(endpoint: Endpoint, name: str, field: Field) -> None:
    assert outcome(endpoint, f'"{name}":{field.sample}') == (400, "unsupported_parameter", name)
    assert outcome(endpoint, f'"{name}":null') == outcome(endpoint)
