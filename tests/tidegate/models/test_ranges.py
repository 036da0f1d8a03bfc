"""What a server's answer to "the rest, please" means."""

from __future__ import annotations

import pytest

from tidegate.models.ranges import Anew, Later, Meaning, Refused, Take, Whole, asking, meaning, validator_of


@pytest.mark.parametrize(
    ("status", "headers", "have", "expected", "means"),
    [
        (200, {"content-length": "100"}, 0, 100, Take(0, 100)),
        (200, {"content-length": "100"}, 40, 100, Take(0, 100)),  # ranges ignored: all of it from the start
        (200, {"content-length": "100"}, 0, None, Take(0, 100)),
        (206, {"content-range": "bytes 40-99/100"}, 40, 100, Take(40, 100)),
        (206, {"content-range": "bytes 40-99/100"}, 41, 100, Anew()),  # not where ours ends
        (206, {"content-range": "bytes 40-99/*"}, 40, 100, Anew()),
        (206, {}, 40, 100, Anew()),
        (416, {"content-range": "bytes */100"}, 100, 100, Whole()),
        (416, {"content-range": "bytes */100"}, 100, None, Whole()),
        (416, {"content-range": "bytes */100"}, 120, 120, Anew()),  # the server's file is another
        (416, {"content-range": "bytes */90"}, 100, 100, Anew()),
        (416, {}, 0, None, Anew()),
        (429, {}, 0, None, Later(429)),
        (503, {}, 7, 100, Later(503)),
    ],
)
def test_an_answer_has_one_meaning(
    status: int, headers: dict[str, str], have: int, expected: int | None, means: Meaning
) -> None:
    assert meaning(status, headers, have=have, expected=expected) == means


@pytest.mark.parametrize(
    ("status", "headers", "expected", "code"),
    [
        (200, {"content-length": "99"}, 100, "short_file"),
        (200, {"content-length": "101"}, 100, "wrong_size"),
        (200, {"content-length": "0"}, None, "short_file"),
        (200, {}, 100, "size_unknown"),
        (200, {"content-length": "100", "content-encoding": "gzip"}, 100, "size_unknown"),
        (200, {"content-length": "-1"}, None, "size_unknown"),
        (206, {"content-range": "bytes 0-49/50"}, 100, "short_file"),
        (401, {}, None, "not_permitted"),
        (403, {"x-error-code": "GatedRepo"}, None, "hub_gated"),
        (404, {}, None, "no_such_file"),
        (410, {}, None, "no_such_file"),
        (204, {}, None, "bad_answer"),
        (304, {}, None, "bad_answer"),
        (505, {}, None, "bad_answer"),
    ],
)
def test_a_refusal_says_why(status: int, headers: dict[str, str], expected: int | None, code: str) -> None:
    found = meaning(status, headers, have=0, expected=expected)
    assert isinstance(found, Refused)
    assert found.error.code == code


def test_the_rest_is_asked_for_only_when_its_end_can_be_checked() -> None:
    assert "Range" not in asking(0, '"tag"', hash_known=True)
    assert "Range" not in asking(10, "", hash_known=False)
    assert asking(10, '"tag"', hash_known=False) == {
        "Accept-Encoding": "identity", "Range": "bytes=10-", "If-Range": '"tag"'
    }  # fmt: skip
    assert "If-Range" not in asking(10, '"tag"', hash_known=True)


@pytest.mark.parametrize(
    ("tag", "kept"), [('"abc"', '"abc"'), ('W/"abc"', ""), ("abc", ""), ('""', ""), ("", "")]
)
def test_only_a_strong_tag_validates_a_range(tag: str, kept: str) -> None:
    assert validator_of({"etag": tag}) == kept
