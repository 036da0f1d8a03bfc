"""`tidegate guard --jsonl`: one line out per line in, in order, whatever the lines hold."""

from __future__ import annotations

import json

from tidegate.errors import BadRequest
from tidegate.guard.cli import answers
from tidegate.guard.injection import Guarded, Verdict


def by_length(text: str) -> Guarded:
    """A fake model: long texts are attacks, very long ones are refused."""
    if len(text) > 50:
        raise BadRequest("a text is longer than the scan accepts")
    score = min(1.0, len(text) / 20)
    return Guarded(score, Verdict.ATTACK if score > 0.9 else Verdict.CLEAN)


def lines(*raw: bytes) -> list[dict[str, object]]:
    return [json.loads(row) for row in answers(raw, by_length)]


def test_each_line_has_its_answer_in_order() -> None:
    rows = lines(b'{"id":"a","text":"hi"}', b'{"id":2,"text":"a text of more than twenty"}')
    assert [row["id"] for row in rows] == ["a", 2]
    assert [row["verdict"] for row in rows] == ["clean", "attack"]
    assert rows[0]["injection"] == 0.1


def test_a_bad_line_is_answered_and_the_next_one_is_read() -> None:
    rows = lines(
        b"{", b"[]", b'{"id":1}', b'{"id":1,"text":5}', b"\xff\xfe", b"[" * 100_000, b'{"id":9,"text":"ok"}'
    )
    assert [row["id"] for row in rows] == [None] * 6 + [9]
    assert all("error" in row for row in rows[:-1])
    assert rows[-1]["verdict"] == "clean"


def test_a_refused_text_keeps_its_id_and_shows_none_of_its_words() -> None:
    (row,) = lines(b'{"id":"x","text":"' + b"secret " * 20 + b'"}')
    assert row["id"] == "x"
    assert "secret" not in str(row["error"])


def test_blank_lines_have_no_answer_and_unknown_fields_do_no_harm() -> None:
    assert len(lines(b"\n", b"  ", b'{"text":"x","lang":"en"}')) == 1
