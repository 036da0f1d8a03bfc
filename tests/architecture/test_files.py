"""What may be in the repository: no machine's paths, no index addresses, no weights by the side door."""

from __future__ import annotations

import re

from tests.architecture import house

MACHINE = re.compile(r"(?<![\w.])/(?:work|root|tmp/w)/(?!\.\.\.)")
_INDEX_WORDS = (
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--trusted-host",
    "pypi" + ".org",  # put together, so that this file may stay under its own rule
    "pythonhosted" + ".org",
)
INDEX = re.compile("|".join(map(re.escape, _INDEX_WORDS)))
MAY_NAME_THEM = {"tests/architecture/test_files.py"}
TEXT = (
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".sh",
    ".yml",
    ".yaml",
    ".json",
    ".proto",
    ".html",
    ".cfg",
    ".service",
    ".conf",
)


def text_files() -> list[str]:
    scripts = ("scripts/", ".ci/")
    return [
        path
        for path in house.tracked()
        if path.endswith(TEXT) or (path.startswith(scripts) and "." not in path.rpartition("/")[2])
    ]


def test_no_file_names_a_machine_or_an_index() -> None:
    telling = [path for path in text_files() if path not in MAY_NAME_THEM and tells(house.read(path))]
    assert not telling


def tells(text: str) -> bool:
    return bool(MACHINE.search(text) or INDEX.search(text))


def test_the_file_rule_bites() -> None:
    assert tells("see /" + "work/notes")
    assert tells("HOME=/" + "root/x")
    assert tells("--index-url https://example.test/simple")
    assert not tells("https://example.test/" + "work/notes")
    assert not tells("an index of the manual")


def test_every_locked_package_carries_hashes() -> None:
    for lock in ("dev", "edge", "edge-mcp", "cloud", "build", "peers", "servers", "clients"):
        text = house.read(f"requirements/{lock}.txt")
        entries = re.split(r"\n(?=[a-z0-9])", text.strip())
        assert entries
        assert all(re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", entry) for entry in entries)
        assert all("--hash=sha256:" in entry for entry in entries)


def test_torch_is_in_no_lock() -> None:
    for lock in ("dev", "edge", "edge-mcp", "cloud", "build", "peers", "servers", "clients"):
        assert not re.search(r"^torch==", house.read(f"requirements/{lock}.txt"), re.MULTILINE)


def test_proto_holds_no_python() -> None:
    inside = [path for path in house.tracked() if path.startswith("proto/")]
    assert inside
    assert all(path.endswith(".proto") for path in inside)


def test_every_package_says_that_it_is_one() -> None:
    for path in house.python_files(*house.SOURCES):
        folder = path.rpartition("/")[0]
        assert (house.ROOT / folder / "__init__.py").is_file(), folder


SPECIAL = ("architecture", "fakes", "golden", "journeys", "typing", "training", "contracts", "scripts")


def test_a_test_lies_where_its_subject_lies() -> None:
    tests = [path for path in house.python_files("tests") if "/test_" in path]
    assert not [path for path in tests if not is_at_home(path)]


def is_at_home(path: str) -> bool:
    """Whether the folder of a test is one of the special ones or mirrors a folder of sources."""
    folder = path.removeprefix("tests/").rpartition("/")[0]
    return bool(folder) and (folder.split("/")[0] in SPECIAL or (house.ROOT / folder).is_dir())


UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XXX)\b|raise Not" + r"ImplementedError")


def test_nothing_is_left_unfinished() -> None:
    assert not [path for path in house.python_files(*house.SOURCES) if UNFINISHED.search(house.read(path))]
