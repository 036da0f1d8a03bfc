"""Which locked libraries of a device come as wheels, for which machines, and what glibc they want.

`pip download` with `--require-hashes` and `--platform` fetches what an installer on that machine would get: a wheel that is
missing, or whose hash is not in the lock, fails. Exit code 1 when one is missing that is not known to be built from source.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "edge.txt"
PYTHON = "3.11"
GLIBC = 28  # manylinux_2_28: Debian 11, Ubuntu 20.04, RHEL 8 and newer
FROM_SOURCE = ("llama-cpp-python",)  # built on the device or by its packager, see docs/install.md
_MISSING = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")
_ENTRY = re.compile(r"(?P<name>[a-z0-9._-]+)(?:\[[a-z,]+\])?==(?P<version>\S+)(?: ; (?P<marker>[^\\]+))?")
_GLIBC = re.compile(r"manylinux_(\d+)_(\d+)_")
_OLD = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}


@dataclass(frozen=True)
class Target:
    """A machine, in its own words and in those of Python."""

    label: str
    machine: str

    @property
    def platforms(self) -> tuple[str, ...]:
        """Every tag that a machine with this glibc takes."""
        return (
            *(f"manylinux_2_{minor}_{self.machine}" for minor in range(GLIBC, 4, -1)),
            *(f"{old}_{self.machine}" for old in ("manylinux2014", "manylinux2010", "manylinux1")),
        )


TARGETS = (Target("x86-64", "x86_64"), Target("arm64", "aarch64"))


@dataclass(frozen=True)
class Entry:
    """One locked library with the lines that name it."""

    name: str
    version: str
    marker: str
    text: str

    def wanted(self, target: Target) -> bool:
        """Whether a device of that kind installs it."""
        here = {
            "platform_machine": target.machine,
            "sys_platform": "linux",
            "python_full_version": f"{PYTHON}.0",
        }
        return not self.marker or Marker(self.marker).evaluate(
            {
                **here,
                "python_version": PYTHON,
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
            }
        )


@dataclass(frozen=True)
class Wheel:
    name: str
    version: str
    pure: bool
    glibc: tuple[int, int]  # the oldest it runs on; (0, 0): any
    size: int


def entries(lock: str) -> Iterator[Entry]:
    for text in re.split(r"\n(?=[a-z0-9])", lock.strip()):
        found = _ENTRY.match(text)
        if found is not None:
            yield Entry(found["name"], found["version"], (found["marker"] or "").strip(), text)


def wheel(file: str, size: int) -> Wheel:
    """What a wheel's file name says."""
    name, version, _, tags = parse_wheel_filename(file)
    floors = [floor for tag in tags if (floor := _floor(tag.platform)) is not None]
    return Wheel(
        name, str(version), any(tag.platform == "any" for tag in tags), min(floors, default=(0, 0)), size
    )


def _floor(platform: str) -> tuple[int, int] | None:
    found = _GLIBC.match(platform)
    if found is not None:
        return int(found[1]), int(found[2])
    return next((floor for old, floor in _OLD.items() if platform.startswith(f"{old}_")), None)


def fetched(target: Target, wanted: Sequence[Entry], folder: Path) -> tuple[list[Wheel], list[str]]:
    """The wheels of that machine, hashes checked, and the names that have none."""
    missing = [name for name in FROM_SOURCE if any(entry.name == name for entry in wanted)]
    for _ in range(len(wanted)):
        lock = folder / "lock.txt"
        lines = [
            entry.text.replace(f" ; {entry.marker}", "") for entry in wanted if entry.name not in missing
        ]
        lock.write_text("\n".join(lines) + "\n")
        done = subprocess.run(
            _command(target, lock, folder / "wheels"), capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            break
        found = _MISSING.search(done.stderr)
        if found is None:
            sys.exit(f"tidegate: pip failed for {target.label}:\n{done.stderr[-2000:]}")
        missing.append(found[1].lower())
    files = sorted((folder / "wheels").glob("*.whl"))
    return [wheel(file.name, file.stat().st_size) for file in files], missing


def _command(target: Target, lock: Path, out: Path) -> list[str]:
    asked = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    asked += ["--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp"]
    asked += [word for abi in ("cp311", "abi3", "none") for word in ("--abi", abi)]
    asked += [word for platform in target.platforms for word in ("--platform", platform)]
    return [*asked, "--dest", str(out), "-r", str(lock)]


def told(target: Target, wheels: Sequence[Wheel], missing: Sequence[str]) -> str:
    native = [one for one in wheels if not one.pure]
    floor = max((one.glibc for one in native), default=(0, 0))
    heaviest = ", ".join(
        f"{one.name} {one.size / 1e6:.1f}" for one in sorted(native, key=lambda one: -one.size)[:4]
    )
    return (
        f"| {target.label} | {len(wheels)} | {len(native)} | {sum(one.size for one in wheels) / 1e6:.1f} MB |"
        f" {floor[0]}.{floor[1]} ({', '.join(one.name for one in native if one.glibc == floor)}) | {heaviest} |"
        f" {', '.join(missing) or 'none'} |"
    )


def ours(folder: Path) -> str:
    """What the built wheel is, and that it is for every machine."""
    (file,) = folder.glob("tidegate-*.whl")
    if not file.name.endswith("-py3-none-any.whl"):
        sys.exit(f"tidegate: {file.name} is not for every machine")
    with zipfile.ZipFile(file) as packed:
        compiled = [name for name in packed.namelist() if name.endswith((".so", ".pyd"))]
        if compiled:
            sys.exit(f"tidegate: {file.name} holds compiled code: {compiled[0]}")
        count = len(packed.namelist())
    return f"{file.name}: {file.stat().st_size / 1e6:.1f} MB, {count} files, no compiled code"


def main() -> int:
    print(ours(Path(sys.argv[1])))
    print(
        "\n| machine | wheels | compiled | together | newest glibc asked for | heaviest (MB) | from source |"
    )
    print("|---|---|---|---|---|---|---|")
    locked = tuple(entries(LOCK.read_text(encoding="utf-8")))
    lacking: set[str] = set()
    for target in TARGETS:
        with tempfile.TemporaryDirectory(prefix="tidegate-wheels.") as folder:
            wheels, missing = fetched(target, [one for one in locked if one.wanted(target)], Path(folder))
        print(told(target, wheels, missing), flush=True)
        lacking |= set(missing) - set(FROM_SOURCE)
    if lacking:
        print(
            f"tidegate: no wheel, and not known to come as source: {', '.join(sorted(lacking))}",
            file=sys.stderr,
        )
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
