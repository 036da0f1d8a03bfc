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
