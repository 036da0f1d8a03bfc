"""JSON of any shape goes through and comes back the same."""

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.chat import JSON
from tidegate.privacy.detect import Detector
from tidegate.privacy.redaction import redact_json, redact_json_text
from tidegate.privacy.vault import Vault
from tidegate.privacy.walk import flatten, parse, restore_json_text, to_text

WORDS = st.sampled_from(
    [
        "eva@example.org",
        "4111 1111 1111 1111",
        "plain",
        "",
        "[PERSON_1·k3f9]",
        "\\[PERSON_1-k3f9\\]",
        'a"b\\c',
        "+44 7700 900123",
        "é\u200b",
        "type",
    ]
)
SCALARS = WORDS | st.integers(-10, 10) | st.sampled_from([4111111111111111, 1.5, True, False, None])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


def vault() -> Vault:
    return Vault.open("conv_0123456789", b"k" * 32, 1.0)


@settings(max_examples=120, deadline=None)
@given(value=VALUES)
def test_what_is_hidden_comes_back_exactly_and_nothing_proved_stays(value: JSON) -> None:
    mine = vault()
    done = redact_json(value, Detector(), mine).text.text
    for secret in ("eva@example.org", "4111111111111111", "4111 1111 1111 1111", "900123"):
        assert secret not in done
    if isinstance(value, dict | list):
        assert restore_json_text(done, mine) == to_text(value)


def test_two_spellings_of_one_private_key_stay_two_keys() -> None:
    mine = vault()
    text = '{"eva@example.org":1,"EVA@example.org":2}'
    done = redact_json_text(text, Detector(), mine).text.text
    assert len(json.loads(done)) == 2
    assert "@" not in done
    assert restore_json_text(done, mine) == text


def test_the_flat_text_gives_each_scalar_the_key_it_stands_under() -> None:
    flat = flatten({"a": {"b": 1, "c": ["x", "y"]}, "d": None})
    assert flat.text == "a {\nb: 1\nc: x\ny\nd: "
    assert [flat.text[s:e] for s, e in flat.leaves] == ["a", "b", "1", "c", "x", "y", "d"]


def test_a_bare_scalar_is_text_and_not_json() -> None:
    assert parse("4111111111111111") is None
    assert parse('"x"') is None
    assert parse("[1]") is not None


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=60)
    | st.lists(WORDS | st.sampled_from(list("{}[]:,\"'+-.@ \n0123")), max_size=30).map("".join)
)
def test_any_text_goes_through_without_a_crash_and_with_spans_in_order(text: str) -> None:
    spans = Detector().find(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    if not any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        redact_json_text(text, Detector(), vault())
