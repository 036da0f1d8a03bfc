"""Any text at all: it is hidden and comes back, or it is refused. Sizes and work are bounded; nothing crashes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.fuzz.properties import holds, holds_as_json
from tidegate.errors import BadRequest
from tidegate.privacy.detect import Detector
from tidegate.privacy.redaction import redact, redact_json_text
from tidegate.privacy.vault import Vault

any_text = st.text(alphabet=st.characters(), max_size=200)
near_values = st.lists(
    st.one_of(
        st.sampled_from(
            ["4111 1111 1111 1111", "eva@example.org", "[PERSON_1·k3f9]", "DE89370400440532013000", "+44 7700 900123", "Mr. Smith",
             "%41%6e", "\\u0041", "aGVsbG8gZXZhQGV4YW1wbGUub3Jn", "\u202e", "\u0301", "\u200b", "\x00", "\ud800", "](", "\\[", "J.o.h.n"]
        ),
        st.text(max_size=6),
    ),
    max_size=12,
).map("".join)  # fmt: skip


def vault() -> Vault:
    return Vault.open("c", b"k" * 32, 1.0)


@settings(max_examples=150, deadline=None)
@given(any_text, st.lists(st.integers(0, 500), max_size=5))
def test_any_text_is_hidden_and_comes_back(text: str, cuts: list[int]) -> None:
    holds(text, cuts)


@settings(max_examples=150, deadline=None)
@given(near_values, st.lists(st.integers(0, 500), max_size=5))
def test_values_beside_odd_characters_are_hidden_and_come_back(text: str, cuts: list[int]) -> None:
    holds(text, cuts)


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), near_values)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=12
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(values)
def test_any_json_stays_json(value: object) -> None:
    holds_as_json(json.dumps(value))
    holds_as_json(json.dumps(value, ensure_ascii=False))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["utf-8", "latin-1", "utf-16"]))
def test_bytes_read_in_any_way_do_no_harm(raw: bytes, encoding: str) -> None:
    holds(raw.decode(encoding, "replace"))
    holds(raw.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "card 4111 1111 1111 1111 \ud83d"])
def test_a_lone_surrogate_is_refused_and_nothing_leaves(text: str) -> None:
    with pytest.raises(BadRequest):
        redact(text, Detector(), vault())


@pytest.mark.parametrize("depth", [65, 5_000, 20_000])
@pytest.mark.parametrize("brackets", ["[]", '{"a":}'])
def test_json_nested_too_deep_is_refused_or_read_as_text(depth: int, brackets: str) -> None:
    half = len(brackets) // 2 if brackets == "[]" else 5
    text = brackets[:half] * depth + '"eva@example.org"' + brackets[half:] * depth
    try:
        shown = redact_json_text(text, Detector(), vault()).text.text
    except BadRequest as refused:
        assert refused.code == "json_too_deep"
    else:
        assert "eva@example.org" not in shown


@pytest.mark.parametrize(
    ("unit", "size"),
    [("a", 1_000_000), ("é", 1_000_000), ("\u202e", 1_000_000)]
    + [(unit, 60_000) for unit in ("\u0301", "A1", "%41", "a.", "\u200b", "🙂", "1", "-", "QUJD")],
)
def test_text_without_a_space_goes_through_and_comes_back(unit: str, size: int) -> None:
    text = unit * (size // len(unit)) + " eva@example.org"
    box = vault()
    shown = redact(text, Detector(), box).text.text
    assert "eva@example.org" not in shown
    assert box.restore(shown) == text


@pytest.mark.parametrize(
    "text",
    [
        "\u202eמכתב אל eva@example.org\u202c",
        "שלח אל eva@example.org היום",
        "أرسل إلى eva@example.org الآن",
        "e\u0301va\u0301 eva@example.org",
        "eva@\u200bexample.org",
        "ｅｖａ＠ｅｘａｍｐｌｅ．ｏｒｇ",
        "\x00eva@example.org\x00",
    ],
)
def test_a_value_in_text_of_any_direction_is_hidden_at_its_own_place(text: str) -> None:
    spans = Detector().find(text)
    assert len(spans) == 1
    assert text[spans[0].start].lower() in "eｅ"
    assert text[spans[0].end - 1] in "gｇ"
