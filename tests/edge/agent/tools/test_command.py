"""Real commands that misbehave, and what confines them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edge.agent.settings import Declared, ToolSetting
from edge.agent.toolbox import Chest, chest
from edge.agent.tools.child import Task, finish, readable
from edge.agent.tools.sandbox import Cell, Sandbox, available, confined
from edge.agent.values import Ended, Limits, Outcome
from tidegate.chat import JSON
from tidegate.errors import BadConfig

PYTHON = (sys.executable, "-I", "-S", "-c")
LIMITS = Limits(seconds=5.0, output_bytes=2_000, memory_mb=256)


def tool(code: str, **changes: object) -> ToolSetting:
    text = {"type": "object", "properties": {"word": {"type": "string"}}}
    made = {"name": "t", "description": "", "command": (*PYTHON, code, "{word}"), "parameters": text}
    made |= {"seconds": 5.0, "output_bytes": 2_000, "memory_mb": 256, **changes}
    return ToolSetting(**made)  # type: ignore[arg-type]


async def act(code: str, arguments: dict[str, JSON] | None = None, **changes: object) -> Outcome:
    box = chest(Declared(tools=(tool(code, **changes),), sandbox="limits"), {"PATH": os.environ["PATH"]})
    return await carried(box, arguments)


async def carried(box: Chest, arguments: dict[str, JSON] | None = None) -> Outcome:
    found = await box.tools()
    return await box.call(found["t"], arguments or {}, "key-1")


async def test_a_command_gets_its_arguments_as_they_are_and_its_words_come_back() -> None:
    found = await act("import sys; print(sys.argv[1:])", {"word": "a; b $(c)"})
    assert (found.ended, found.text) == (Ended.OK, "['a; b $(c)']")


async def test_a_command_that_hangs_is_ended_with_everything_it_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)"
    )
    found = await act(code, seconds=2.0)
    assert (found.ended, found.note) == (Ended.TIMED_OUT, "after 2 s")
    assert gone(int((tmp_path / "pid").read_text()))


async def test_a_command_that_floods_is_ended_at_once() -> None:
    found = await act("while True: print('x' * 1000)", seconds=30.0)
    assert found.ended is Ended.FLOODED
    assert len(found.text) <= 2_000


async def test_a_command_that_floods_its_errors_is_ended_too() -> None:
    found = await act("import sys\nwhile True: sys.stderr.write('x' * 1000)", seconds=30.0)
    assert found.ended is Ended.FLOODED


async def test_an_exit_code_is_an_error_with_its_last_words() -> None:
    found = await act("import sys; print('half'); sys.exit('no such lamp')")
    assert (found.ended, found.note) == (Ended.FAILED, "exit 1")
    assert "half" in found.text
    assert "no such lamp" in found.text


async def test_a_command_that_promised_json_and_wrote_something_else_is_an_error() -> None:
    assert (await act("print('[1]')", output="json")).ended is Ended.OK
    found = await act("print('[1')", output="json")
    assert (found.ended, found.note) == (Ended.INVALID, "not JSON")


async def test_memory_beyond_the_limit_is_not_given() -> None:
    found = await act("x = bytearray(600_000_000); print(len(x))")
    assert found.ended is Ended.FAILED
    assert "MemoryError" in found.text


async def test_a_command_sees_nothing_of_the_daemons_environment() -> None:
    box = chest(
        Declared(
            tools=(tool("import os; print(sorted(os.environ))", env={"TOKEN": "${MINE}", "A": "b"}),),
            sandbox="limits",
        ),
        {"PATH": "/usr/bin:/bin", "MINE": "m", "SECRET": "s", "TIDEGATE_API_KEY": "k"},
    )
    told = (await carried(box)).text
    assert "TOKEN" in told
    assert "TIDEGATE_CALL" in told
    assert "SECRET" not in told
    assert "API_KEY" not in told


async def test_arguments_come_on_standard_input_where_that_was_asked_for() -> None:
    found = await act("import sys; print(sys.stdin.read())", {"word": "é"}, stdin="json")
    assert json.loads(found.text) == {"word": "é"}


async def test_what_would_act_on_a_terminal_is_taken_out() -> None:
    assert readable(b"\x1b[31mred\x1b[0m\x07\x00 \xff ok\r\n") == "red \ufffd ok"


async def test_a_cancelled_call_leaves_nothing_running(tmp_path: Path) -> None:
    code = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    calling = asyncio.create_task(act(code, seconds=60.0))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110  a file of a child
        await asyncio.sleep(0.01)
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    assert gone(int((tmp_path / "pid").read_text()))


async def test_a_program_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(BadConfig) as wrong:
        chest(Declared(tools=(tool("", command=("no-such-program-here",)),)), {})
    assert wrong.value.code == "tool_program"


async def test_a_python_function_runs_in_a_child_of_its_own() -> None:
    box = chest(
        Declared(tools=(tool("", command=(), python="json:dumps"),), sandbox="limits"), dict(os.environ)
    )
    found = await box.tools()
    done = await box.call(found["t"], {"obj": "é"}, "k")
    assert (done.ended, done.text) == (Ended.OK, '"\\u00e9"')
    wrong = await box.call(found["t"], {"nothing": 1}, "k")
    assert wrong.ended is Ended.FAILED


@pytest.mark.parametrize(
    "changes", [{"python": "json:dumps"}, {"command": ()}, {"python": "json", "command": ()}]
)
def test_a_tool_is_carried_out_in_exactly_one_way(changes: dict[str, object]) -> None:
    with pytest.raises(BadConfig):
        chest(Declared(tools=(tool("1", **changes),)), dict(os.environ))


def test_two_tools_of_one_name_stop_the_start() -> None:
    with pytest.raises(BadConfig):
        chest(Declared(tools=(tool("1"), tool("2"))), {})


async def test_limits_are_in_place_before_the_program_runs() -> None:
    code = (
        "import resource as r; print(r.getrlimit(r.RLIMIT_AS)[0] // 2**20, r.getrlimit(r.RLIMIT_CORE)[0],"
        " r.getrlimit(r.RLIMIT_NOFILE)[0], open('/proc/self/status').read().split('NoNewPrivs:')[1].split()[0])"
    )
    vector = confined([*PYTHON, code], Cell(LIMITS), Sandbox.LIMITS)
    found = await finish(Task(vector, {"PATH": "/usr/bin"}, LIMITS))
    assert found.text == "256 0 256 1"


async def test_what_cannot_be_started_is_an_outcome() -> None:
    missing = confined(["/no/such/program"], Cell(LIMITS), Sandbox.LIMITS)
    assert (await finish(Task(missing, {}, LIMITS))).note == "exit 126"
    assert (await finish(Task(["/no/such/program"], {}, LIMITS))).ended is Ended.UNREACHABLE


def test_a_sandbox_hides_the_state_folder_and_the_network_and_says_so_in_words() -> None:
    cell = Cell(LIMITS, hidden=(Path("/tmp"),), writable=(Path("/var/tmp"),))
    bubble = " ".join(confined(["true"], cell, Sandbox.BUBBLEWRAP))
    assert "--unshare-all --ro-bind / /" in bubble
    assert "--share-net" not in bubble
    assert "--bind /var/tmp /var/tmp" in bubble
    assert "--share-net" in " ".join(confined(["true"], replace(cell, network=True), Sandbox.BUBBLEWRAP))
    unit = " ".join(confined(["true"], cell, Sandbox.SYSTEMD))
    assert "PrivateNetwork=yes" in unit
    assert "InaccessiblePaths=-/tmp" in unit
    assert "MemoryMax=256M" in unit


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed here")
async def test_inside_bubblewrap_secrets_are_not_there_and_files_cannot_be_written(tmp_path: Path) -> None:
    if available() is not Sandbox.BUBBLEWRAP:
        pytest.skip("bubblewrap does not work here")
    secret, own = tmp_path / "state", tmp_path / "own"
    secret.mkdir()
    own.mkdir()
    (secret / "device.key").write_text("secret")
    code = (
        "import os, socket, sys\n"
        f"print(os.listdir({str(secret)!r}))\n"
        f"open({str(own / 'mark')!r}, 'w').write('x')\n"
        "try: open('/etc/mark', 'w')\n"
        "except OSError: print('read-only')\n"
        "print(len(socket.if_nameindex()))"
    )
    cell = Cell(LIMITS, hidden=(secret,), writable=(own,))
    found = await finish(
        Task(confined([*PYTHON, code], cell, Sandbox.BUBBLEWRAP), {"PATH": "/usr/bin"}, LIMITS)
    )
    assert (found.ended, found.text.split("\n")) == (Ended.OK, ["[]", "read-only", "1"])
    assert (own / "mark").exists()


def gone(pid: int) -> bool:
    """Whether the process ends within a few seconds (a zombie has ended)."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
