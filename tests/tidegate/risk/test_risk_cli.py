"""The commands, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tidegate.errors import BadRequest
from tidegate.risk.cli import answers, app, arriving
from tidegate.risk.fitted import read_fit, scorer
from tidegate.risk.words import shipped

ROWS = [
    {"id": n, "prompt": f"lamp {'and door ' * (n % 7)}{n}", "weak": n % 7 < 4, "strong": 1} for n in range(60)
]


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fit")
    (folder / "o.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS))
    done = CliRunner().invoke(app, ["fit", "--outcomes", str(folder / "o.jsonl"), "--out", str(folder / "c")])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == 60
    return folder / "c"


def test_scores_come_back_in_order_with_their_ids(fit: Path, tmp_path: Path) -> None:
    asked = [{"id": "a", "prompt": "lamp"}, {"id": "a", "prompt": ""}, {"prompt": "größer"}]
    (tmp_path / "q").write_text("\n".join(json.dumps(row) for row in asked) + "\n\n")
    done = CliRunner().invoke(app, ["score", "--fit", str(fit), "--jsonl", str(tmp_path / "q")])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in found] == ["a", "a", None]
    assert all(0 <= row["p_right"] <= 1 for row in found)


def test_a_bad_line_is_named_after_the_lines_before_it_were_answered(fit: Path) -> None:
    using = scorer(read_fit(fit), shipped())
    found = answers([[b'{"prompt":"x"}'], [b"", b"nonsense", b'{"prompt":"y"}']], using)
    assert json.loads(next(found))["id"] is None
    with pytest.raises(BadRequest, match="line 3: not valid JSON"):
        next(found)


def test_lines_are_handed_on_as_they_arrive() -> None:
    parts = iter([b"one\ntw", b"o\nthr", b"ee", b""])
    assert list(arriving(lambda: next(parts))) == [[b"one"], [b"two"], [b"three"]]


def test_a_promise_is_spoken_on_the_side(tmp_path: Path) -> None:
    (tmp_path / "o").write_text("\n".join(json.dumps(row) for row in ROWS))
    done = CliRunner().invoke(
        app,
        ["fit", "--outcomes", str(tmp_path / "o"), "--out", str(tmp_path / "c"), "--wrong-at-most", "0.01"],
    )
    assert json.loads(done.stdout)["promise"]["keep_at"] > 1
    assert "cannot be made" in done.stderr


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "too few"),
        (b"\n\n", "too few"),
        (b'{"prompt":"a","weak":1}\n' * 3, "3 outcomes are too few"),
        (b"{bad", "line 1: not valid JSON"),
        (b'{"prompt":"a","weak":NaN}', "line 1: not valid JSON"),
        (b"\xff\xfe", "line 1"),
        (b'{"prompt":"a","weak":1}\n{"prompt":"a"}', "line 2"),
    ],
)
def test_outcomes_that_cannot_be_learned_from_leave_no_file(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "o").write_bytes(content)
    done = CliRunner().invoke(app, ["fit", "--outcomes", str(tmp_path / "o"), "--out", str(tmp_path / "c")])
    assert isinstance(done.exception, BadRequest)
    assert reason in str(done.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o"]


def test_a_folder_is_no_place_for_a_fit(tmp_path: Path) -> None:
    (tmp_path / "o").write_text("\n".join(json.dumps(row) for row in ROWS))
    done = CliRunner().invoke(app, ["fit", "--outcomes", str(tmp_path / "o"), "--out", str(tmp_path)])
    assert "is a folder" in str(done.exception)


def test_without_the_table_of_words_a_fit_is_made_and_says_so(
    tmp_path: Path, fit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEGATE_MODELS", str(tmp_path))
    (tmp_path / "o").write_text("\n".join(json.dumps(row) for row in ROWS))
    done = CliRunner().invoke(app, ["fit", "--outcomes", str(tmp_path / "o"), "--out", str(tmp_path / "c")])
    assert json.loads(done.stdout)["words"] is False
    assert "no table of words" in done.stderr
    asked = CliRunner().invoke(app, ["score", "--fit", str(fit), "--jsonl", str(tmp_path / "o")])
    assert "needs the table of words" in str(asked.exception)
