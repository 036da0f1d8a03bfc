"""The compatibility page says what the schema does."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.gateway.compat import FIELDS, Treatment, page, undocumented
from edge.gateway.schema import parse_chat
from tidegate.errors import BadRequest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "openai-compatibility.md"
SAMPLES = {
    "frequency_penalty": "0.5",
    "presence_penalty": "-0.5",
    "logit_bias": '{"1":2}',
    "metadata": '{"a":"b"}',
    "prediction": '{"type":"content","content":"x"}',
    "store": "true",
}


def body(name: str, value: str) -> bytes:
    return f'{{"model":"tidegate","messages":[{{"role":"user","content":"hi"}}],"{name}":{value}}}'.encode()


def test_every_field_is_documented() -> None:
    assert undocumented() == set()


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text() == page(), "run: python -m edge.gateway.compat > docs/openai-compatibility.md"


@pytest.mark.parametrize(
    "name", [name for name, field in FIELDS.items() if field.treatment is Treatment.IGNORED]
)
def test_an_ignored_field_changes_nothing(name: str) -> None:
    plain = parse_chat(body("stream", "false"))
    assert parse_chat(body(name, SAMPLES.get(name, '"x"'))) == plain


@pytest.mark.parametrize(
    "name", [name for name, field in FIELDS.items() if field.treatment is Treatment.REFUSED]
)
def test_a_refused_field_is_named(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_chat(body(name, '{"a":1}'))
    assert (refused.value.param, refused.value.code) == (name, "unsupported_parameter")
