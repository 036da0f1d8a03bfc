"""`tidegate redact`: a line for a line, offsets in code points, errors that hold no text."""

import io
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tidegate.privacy.cli import _answers, answer_line, redact
from tidegate.privacy.detect import Detector

CARD = "4111 1111 1111 1111"


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(redact)
    return app


def lines(*values: object) -> str:
    return "".join((v if isinstance(v, str) else json.dumps(v)) + "\n" for v in values)


def test_each_line_is_answered_in_order_with_code_point_offsets(run: CliRunner) -> None:
    text = f"😀 card {CARD}"
    done = run.invoke(
        command(),
        ["--jsonl", "--patterns-only"],
        input=lines({"id": "a", "text": text}, {"id": 2, "text": "nothing here"}),
    )
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    (span,) = first["spans"]
    assert (first["id"], text[span["start"] : span["end"]], span["label"]) == ("a", CARD, "CREDIT_CARD")
    assert 0 <= span["score"] <= 1
    assert first["redacted"].startswith("😀 card [CREDIT_CARD_1·")
    assert (second["id"], second["spans"], second["redacted"]) == (2, [], "nothing here")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("not json", "not a line of JSON"),
        ("", "not a line of JSON"),
        ("[]", '"text" is missing or not a string'),
        ('{"id": 1}', '"text" is missing or not a string'),
        ('{"id": 1, "text": 5}', '"text" is missing or not a string'),
        ("[" * 100_000, "not a line of JSON"),
    ],
)
def test_a_bad_line_gives_an_error_line_and_the_next_is_served(run: CliRunner, line: str, error: str) -> None:
    done = run.invoke(command(), ["--jsonl", "--patterns-only"], input=lines(line, {"id": 1, "text": "x"}))
    first, second = (json.loads(out) for out in done.stdout.splitlines())
    assert first == {"id": None, "error": error}
    assert second["redacted"] == "x"


def test_bytes_that_are_no_text_give_an_error_line() -> None:
    assert answer_line(b'{"id":1,"text":"\xff"}', Detector()) == {"id": None, "error": "not a line of JSON"}
    answer = answer_line(b'{"id":1,"text":"\\ud800"}', Detector())
    assert isinstance(answer, dict)
    assert answer["id"] == 1
    assert "surrogate" in str(answer["error"])


def test_a_line_beyond_the_limit_is_answered_once_and_the_next_is_read() -> None:
    source = io.BytesIO(b'{"id":1,"text":"' + b"a" * 500 + b'"}\n{"id":2,"text":"x"}\n')
    first, second = (json.loads(line) for line in _answers(source, Detector(), explain=False, longest=64))
    assert first == {"id": None, "error": "line too long"}
    assert second["id"] == 2


def test_it_explains_itself_without_repeating_the_text() -> None:
    answer = answer_line(
        json.dumps({"id": 1, "text": f"see http://x.example/{CARD.replace(' ', '')}"}).encode(),
        Detector(),
        explain=True,
    )
    assert isinstance(answer, dict)
    why = json.dumps(answer["explain"])
    assert "pattern:url" in why
    assert "4111" not in why


def test_text_is_shown_redacted_with_a_table_of_counts(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text(f"Pay with {CARD}, write to eva@example.org", encoding="utf-8")
    done = run.invoke(command(), [str(file), "--patterns-only", "--explain"])
    assert done.exit_code == 0
    assert "4111" not in done.stdout
    assert "[CREDIT_CARD_1·" in done.stdout
    assert "pattern:email" in done.stderr


def test_a_file_that_is_no_text_is_refused(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "binary"
    file.write_bytes(b"\xff\xfe\x00")
    done = run.invoke(command(), [str(file), "--patterns-only"])
    assert done.exit_code == 2
    assert "not UTF-8" in done.stderr


def test_text_through_a_pipe_keeps_every_byte_that_is_not_private_and_the_table_stays_beside_it(
    run: CliRunner,
) -> None:
    around = "a line far longer than any terminal is wide " * 5 + "\tand a tab\r\n"
    done = run.invoke(command(), ["--patterns-only", "--explain"], input=f"{around}{CARD}\n{around}")
    assert done.stdout_bytes.startswith(around.encode() + b"[CREDIT_CARD_1")
    assert done.stdout_bytes.endswith(b"]\n" + around.encode())
    assert "what would not leave" not in done.stdout
    assert "what would not leave" in done.stderr
    assert "why" in done.stderr


def test_a_text_of_many_windows_keeps_its_bytes_and_its_placeholders(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    part = "some words of a letter to nobody " * 40 + f"{CARD} eva@example.org\r\n"
    file.write_bytes(part.encode() * 250)
    done = run.invoke(command(), [str(file), "--patterns-only", "--explain"])
    assert done.exit_code == 0
    first, *others = done.stdout_bytes.splitlines(keepends=True)
    assert set(others) == {first}
    assert len(others) == 249
    assert first.startswith(b"some words of a letter to nobody ")
    assert b"[CREDIT_CARD_1" in first
    assert "250" in done.stderr


def test_what_is_wrong_far_inside_a_file_is_said_before_anything_is_written(
    run: CliRunner, tmp_path: Path
) -> None:
    file = tmp_path / "half.txt"
    file.write_bytes(b"eva@example.org and words\n" * 20_000 + b"\xff")
    done = run.invoke(command(), [str(file), "--patterns-only"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "byte 520000" in done.stderr


def test_through_a_pipe_it_is_said_how_much_was_written_before(run: CliRunner) -> None:
    done = run.invoke(command(), ["--patterns-only"], input=b"eva@example.org and words\n" * 20_000 + b"\xff")
    assert done.exit_code == 2
    assert "characters had been redacted and written before that" in done.stderr
    assert "eva@" not in done.stdout


SETTINGS = """
[door]
port = 0
[privacy]
hide = ["Project Falcon"]
show = ["help@example.org"]
patterns = [{name = "ticket", expression = "TCK-[0-9]{6}"}]
consent = "ask"
[privacy.actions]
URL = "allow"
CREDIT_CARD = "block"
IP_ADDRESS = "pseudonymise"
"""


def test_with_the_settings_of_a_device_its_own_rules_and_actions_hold(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    text = f"Project Falcon TCK-004711 help@example.org http://x.example/a 84.17.23.9 {CARD}"
    done = run.invoke(command(), ["--patterns-only", "--config", str(file)], input=text)
    assert done.exit_code == 0
    assert not any(hidden in done.stdout for hidden in ("Falcon", "4711", "84.17", "4111"))
    assert "help@example.org http://x.example/a 2" in done.stdout
    assert "would stay on the device: it holds CREDIT_CARD" in done.stderr
    answered = run.invoke(
        command(), ["--patterns-only", "--jsonl", "-c", str(file)], input=lines({"id": 1, "text": text})
    )
    assert json.loads(answered.stdout)["blocked"] == ["CREDIT_CARD"]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[privacy]\npatterns = [{name = "x", expression = "("}]', "RE2"),
        ('[privacy]\npatterns = [{name = "x", expression = "a", labl = "CUSTOM"}]', "labl"),
        ("[privacy.actions]\nPERSON = 'hide'", "hide"),
        ("[privacy", "edge.toml"),
    ],
)
def test_settings_that_are_wrong_are_named_and_nothing_is_redacted(
    run: CliRunner, tmp_path: Path, toml: str, said: str
) -> None:
    file = tmp_path / "edge.toml"
    file.write_text(toml, encoding="utf-8")
    done = run.invoke(command(), ["--patterns-only", "-c", str(file)], input="x")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
