"""The dispatcher: loads one command, turns errors into sentences and exit codes."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from tidegate import cli
from tidegate.errors import BadConfig, BadRequest, Broken, TidegateError, Untrusted


def test_help_lists_what_is_here_and_loads_nothing_heavy() -> None:
    script = (
        "import sys; from tidegate.cli import run; run(['--help'], {})\n"
        "heavy = {'grpc', 'numpy', 'llama_cpp', 'onnxruntime', 'sqlalchemy', 'edge', 'cloud', 'starlette'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "redact" in shown
    assert "edge" in shown
    assert shown.endswith("[]\n")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"], {}) == 0
    assert capsys.readouterr().out.startswith("tidegate 0.1.0")


def test_an_unknown_command_is_wrong_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["edgy"], {}) == 2
    assert "no command is called 'edgy'; see `tidegate --help`" in capsys.readouterr().err


def failing(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


def run_single(command: Callable[..., None], argv: list[str], environ: dict[str, str] | None = None) -> int:
    return cli.carry_out(lambda: cli.single(command), "probe", argv, environ or {})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadRequest("no such field"), 2),
        (BadConfig("edge.toml: door.port: Expected `int`"), 2),
        (Broken("no model", code="model_missing", hint="reinstall"), 1),
        (Untrusted("bad signature"), 1),
        (typer.Exit(3), 3),
        (SystemExit(4), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_an_error_of_ours_is_a_sentence_and_an_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_single(failing(error), []) == code
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert not isinstance(error, TidegateError) or said == f"tidegate: {error}\n"


def test_a_defect_tells_its_class_and_place_and_never_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_single(failing(ValueError("Anna Schmidt")), []) == 70
    said = capsys.readouterr().err
    assert "ValueError at test_cli.py:" in said
    assert "Anna" not in said


def test_a_developer_may_ask_for_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_single(failing(Broken("x", code="x")), [], {"TIDEGATE_DEBUG": "1"}) == 1
    assert "Traceback" in capsys.readouterr().err


def test_options_reach_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    def greet(name: str = "nobody") -> None:
        print(f"hello {name}")

    assert run_single(greet, ["--name", "you"]) == 0
    assert capsys.readouterr().out == "hello you\n"
    assert run_single(greet, ["--nope"]) == 2


def test_a_missing_tier_and_a_missing_library_are_explained() -> None:
    with pytest.raises(Broken, match=r"module tidegate_absent is not installed.*tidegate\[edge\]"):
        cli.load(cli.Command("absent", "tidegate_absent.cli:app"))


def piped(*argv: str, shell: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """A real process whose output goes where the shell says; its exit code is the last line of what is shown."""
    line = f"{shlex.join([sys.executable, '-m', 'tidegate', *argv])} {shell}"
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, input=given, check=False)


MANY = "".join(f'{{"id": {number}, "text": "write to eve.adams@example.org"}}\n' for number in range(3000))


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    done = piped(
        "redact", "--patterns-only", "--jsonl", shell='| head -1; echo "${PIPESTATUS[0]}"', given=MANY
    )
    first, code = done.stdout.splitlines()
    assert '"id": 0' in first
    assert (code, done.stderr) == ("0", "")


def test_a_complaint_that_nobody_reads_to_its_end_is_still_one(capsys: pytest.CaptureFixture[str]) -> None:
    complaint = BrokenPipeError(32, "gone")
    complaint.__context__ = BadRequest("no such option", code="x")
    assert cli.carry_out(lambda: cli.single(failing(complaint)), "x", [], {}) == 2


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
@pytest.mark.parametrize("argv", [["redact", "--patterns-only", "--jsonl"], ["--help"], ["redact", "--help"]])
def test_an_output_without_room_is_said_and_a_failure(argv: list[str]) -> None:
    done = piped(*argv, shell="> /dev/full", given=MANY)
    assert done.returncode == 1
    assert done.stderr == "tidegate: No space left on device; what was written until then may be incomplete\n"


def test_closed_streams_are_opened_on_nothing_before_any_file_takes_their_number() -> None:
    shell = ">&- 2>&- <&-; echo $?"
    assert piped("redact", "--patterns-only", shell=shell).stdout == "0\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "no", "a.json"), "a.json: Permission denied"),
        (OSError(30, "no", "a.json"), "a.json: Read-only file system"),
        (IsADirectoryError(21, "no", b"a"), "a: Is a directory"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_no_defect(
    error: OSError, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.carry_out(lambda: cli.single(failing(error)), "x", [], {}) == 1
    assert capsys.readouterr().err.startswith(f"tidegate: {said}; ")


def test_another_error_of_the_system_is_a_defect(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.carry_out(lambda: cli.single(failing(OSError(22, "private"))), "x", [], {}) == 70
    assert "private" not in capsys.readouterr().err
