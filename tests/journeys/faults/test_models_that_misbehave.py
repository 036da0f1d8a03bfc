"""Templates that loop, schemas that explode, conversations that do not fit, files that change under a running daemon."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import httpx
import pytest

from tests.journeys.faults.conftest import CHAT, Patient, begin, embedded_plain
from tidegate.chat import JSON

LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
GROWS = "{% set n = namespace(a='aaaa') %}{% for i in range(60) %}{% set n.a = n.a ~ n.a %}{% endfor %}"


@pytest.mark.parametrize("trap", [LOOPS, GROWS])
def test_a_template_that_does_not_end_is_a_refusal_of_that_request(tmp_path: Path, trap: str) -> None:
    guarded = "{% if messages|length > 1 %}" + trap + "{% endif %}" + CHAT
    patient = begin(tmp_path, embedded_plain(tmp_path, guarded))
    got = patient.ask(
        messages=[{"role": "system", "content": "be brief"}, {"role": "user", "content": "fall"}]
    )
    assert (got.status_code, got.json()["error"]["code"]) == (400, "template_refused")
    patient.answers()
    patient.ends()


def nested(levels: int) -> JSON:
    schema: JSON = {"type": "string"}
    for _ in range(levels):
        schema = {"anyOf": [schema, {"type": "array", "items": schema}]}
    return schema


REFUSED: dict[str, JSON] = {
    "doubling": nested(14),
    "far too long": {"type": "string", "minLength": 10**9},
    "a million items": {"type": "array", "items": {"type": "integer"}, "minItems": 10**6},
    "counted pattern": {"type": "string", "pattern": "^a{0,45000}$"},
    "pointing at itself": {"$ref": "#"},
    "pointing elsewhere": {"$ref": "https://example.test/schema.json"},
    "too many words": {"enum": [f"word number {n}" for n in range(6000)]},
}
TAMED: dict[str, JSON] = {
    "a gigabyte at most": {"type": "string", "maxLength": 10**9},
    "what ended the process": {"type": "string", "maxLength": 45_000},
    "a common bound": {"type": "object", "properties": {"note": {"type": "string", "maxLength": 4096}}},
    "stars of stars": {"type": "string", "pattern": "^((a*)*)*$"},
    "the same many times": {"type": "array", "items": {"anyOf": [{"type": "string"}] * 200}},
    "three hundred options": {
        "type": "object",
        "properties": {f"p{n}": {"type": "string"} for n in range(300)},
    },
}


def shaped(patient: Patient, schema: JSON) -> tuple[int, str]:
    wanted: JSON = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    got = patient.ask(response_format=wanted)
    return got.status_code, got.json().get("error", {}).get("code", "")


@pytest.mark.parametrize("name", REFUSED)
def test_a_schema_that_explodes_is_refused(patient: Patient, name: str) -> None:
    assert shaped(patient, REFUSED[name]) == (400, "unusable_schema")


@pytest.mark.parametrize("name", TAMED)
def test_a_schema_that_only_looks_large_is_served(patient: Patient, name: str) -> None:
    assert shaped(patient, TAMED[name]) == (200, "")


def test_a_schema_of_a_tool_is_held_to_the_same(patient: Patient) -> None:
    tool: JSON = {
        "type": "function",
        "function": {
            "name": "Get",
            "parameters": {"properties": {"a": {"type": "string", "minLength": 10**9}}},
        },
    }
    got = patient.ask(tools=[tool], tool_choice="required")
    assert (got.status_code, got.json()["error"]["param"]) == (400, "tools")


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_that_does_not_fit_is_named_before_anything_is_written(
    patient: Patient, stream: bool
) -> None:
    got = patient.ask(messages=[{"role": "user", "content": "word " * 5000}], stream=stream)
    found = got.json()["error"]
    assert (got.status_code, found["code"], found["param"]) == (400, "context_length_exceeded", "messages")


def test_an_answer_ends_where_the_context_does(patient: Patient) -> None:
    got = patient.ask(messages=[{"role": "user", "content": "word " * 300}], max_tokens=1_000_000)
    assert got.json()["choices"][0]["finish_reason"] == "length"


def test_a_model_file_that_is_replaced_or_deleted_changes_nothing_until_the_next_start(
    tmp_path: Path, model: Path
) -> None:
    mine = tmp_path / "model.gguf"
    shutil.copy(model, mine)
    patient = begin(tmp_path, mine)

    def said() -> JSON:
        found: JSON = patient.ask(max_tokens=40).json()["choices"][0]["message"]["content"]
        return found

    before = said()
    other = tmp_path / "other.gguf"
    other.write_bytes(os.urandom(mine.stat().st_size))
    other.replace(mine)
    assert said() == before
    mine.unlink()
    assert said() == before
    patient.ends()
    mine.write_bytes(b"GGUF" + os.urandom(5000))
    again = begin(tmp_path, mine)
    assert httpx.get(again.root + "/readyz", trust_env=False).status_code == 503
    (why,) = again.events("no_local_model")
    assert "model" in json.dumps(why)
    again.ends()
