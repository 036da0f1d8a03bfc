"""Child processes of the demo and the journeys: started by their commands, watched, and ended by their own id."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.chat import JSON
from tidegate.errors import Broken

READY_S = 120.0  # a loaded machine is slow, not broken


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tidegate_command(*words: str) -> list[str]:
    """The `tidegate` of this environment."""
    return [sys.executable, "-m", "tidegate", *words]


@dataclass
class Process:
    """One running child. `ready` is the object of its ready line; its standard error goes to `log`."""

    name: str
    child: subprocess.Popen[str]
    log: Path
    ready: dict[str, JSON] = field(default_factory=dict)

    def url(self, key: str = "url") -> str:
        return str(self.ready[key])

    @property
    def running(self) -> bool:
        return self.child.poll() is None

    def stop(self, wait_s: float = 6.0) -> int:
        """SIGTERM, then SIGKILL after `wait_s`. Returns the exit code."""
        if self.running:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(wait_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """SIGKILL, as a power cut would."""
        if self.running:
            self.child.kill()
        return self.child.wait(10)


def start(
    name: str,
    command: Sequence[str],
    *,
    logs: Path,
    environ: Mapping[str, str] | None = None,
    wait_s: float = READY_S,
) -> Process:
    """Starts a daemon and waits for its JSON ready line. Raises Broken with the end of its log when it does not come."""
    process = launch(name, command, logs=logs, environ=environ, piped=True)
    line = _first_line(process, wait_s)
    with contextlib.suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict) and found.get("ready") is True:
            process.ready = found
            return process
    process.kill()
    raise Broken(
        f"{name} did not start: {_tail(process.log)}", code="demo_process", hint=f"see {process.log.name}"
    )


def launch(
    name: str,
    command: Sequence[str],
    *,
    logs: Path,
    environ: Mapping[str, str] | None = None,
    piped: bool = False,
) -> Process:
    """Starts a child that prints no ready line (the broker)."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("ab") as sink:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else sink,
            stderr=sink,
            text=True,
            env={**os.environ, **(environ or {})},
        )
    return Process(name, child, log)


def run(
    command: Sequence[str], *, environ: Mapping[str, str] | None = None, text: str = "", wait_s: float = 120.0
) -> str:
    """Runs a command to its end and returns what it printed. Raises Broken with its error text when it fails."""
    done = subprocess.run(
        list(command),
        check=False,
        input=text,
        capture_output=True,
        text=True,
        timeout=wait_s,
        env={**os.environ, **(environ or {})},
    )
    if done.returncode != 0:
        words = " ".join(str(word) for word in command[1:6])
        raise Broken(
            f"`{words} …` failed ({done.returncode}): {done.stderr.strip()[-600:]}", code="demo_command"
        )
    return done.stdout


def _first_line(process: Process, wait_s: float) -> str:
    """The first line of the child's output; a thread goes on draining the pipe so that it never fills."""
    lines: queue.Queue[str] = queue.Queue()

    def drain() -> None:
        for line in process.child.stdout or ():
            lines.put(line)
        lines.put("")

    threading.Thread(target=drain, daemon=True).start()
    try:
        return lines.get(timeout=wait_s)
    except queue.Empty:
        return ""


def _tail(log: Path) -> str:
    text = log.read_text(errors="replace").strip() if log.exists() else ""
    return text[-800:] or "nothing was logged"
