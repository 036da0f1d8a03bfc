"""What the pages say can be followed: links lead somewhere, commands and their options exist, settings are read."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from cloud import config as cloud_config
from edge import config as edge_config
from tests.architecture import house
from tidegate import cli

PAGES = tuple(path for path in house.tracked() if path.endswith(".md") and not path.startswith("tests/"))
GUIDES = tuple(path for path in PAGES if re.fullmatch(r"[A-Z]+\.md|docs/[^/]+\.md|models/README\.md", path))
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`((?:tidegate|scripts/)[^`]*)`")
_ELSEWHERE = re.compile(r"https?://|mailto:")


def anchors(page: str) -> set[str]:
    """The names of a page's headings as GitHub makes them."""
    text = _FENCE.sub("", house.read(page))
    heads = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken_links(page: str) -> list[str]:
    found = [one or other for one, other in _LINK.findall(_FENCE.sub("", house.read(page)))]
    return [link for link in found if not _ELSEWHERE.match(link) and not _leads(Path(page), link)]


def _leads(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (house.ROOT / page.parent / name).resolve() if name else house.ROOT / page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(str(target.relative_to(house.ROOT)))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    assert broken_links(page) == []


def commands(page: str) -> Iterator[str]:
    """Command lines of a page: in fences and in the text, each part of a pipe or a chain on its own."""
    text = house.read(page)
    lines = [
        line
        for kind, body in _FENCE.findall(text)
        if kind in {"", "sh", "bash"}
        for line in body.splitlines()
    ]
    for line in (*lines, *_CODE.findall(_FENCE.sub("", text))):
        for part in re.split(r"&&|\|(?=\s*tidegate)|;", line.partition(" #")[0].removeprefix("$ ")):
            words = part.strip().removeprefix(".venv/bin/")
            if words.startswith(("tidegate ", "scripts/")):
                yield words


def wrong(line: str) -> str:
    """What is wrong with a command line of a page: no such script, command or option; empty when nothing is."""
    try:
        words = shlex.split(re.sub(r"…|\.\.\.", "", line))
    except ValueError:
        return "cannot be split into words"
    if words[0] != "tidegate":
        return "" if (house.ROOT / words[0]).is_file() else "no such script"
    return _unknown(words[1:])


@functools.cache
def _app(name: str) -> typer.Typer | None:
    known = cli.commands()
    return cli.load(known[name]) if name in known else None


def _unknown(words: list[str]) -> str:
    """`a|b` and `a | b` name one of several commands; words in capitals stand for a value."""
    if not words or words[0].startswith("-"):
        return ""
    app = _app(words[0])
    if app is None:
        return f"no command {words[0]}"
    found = typer.main.get_command(app)
    rest = words[1:]
    while isinstance(found, TyperGroup) and rest and not rest[0].startswith("-"):
        names = [name for name in rest[0].split("|") if name]
        missing = [name for name in names if name not in found.commands]
        if missing:
            return f"no command {missing[0]}"
        found, rest = found.commands[names[0]], rest[1:]
    options = {name for one in found.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
    return next(
        (
            f"no option {word}"
            for word in rest
            if re.match(r"--\w", word) and word.partition("=")[0] not in options
        ),
        "",
    )


@pytest.mark.parametrize("page", GUIDES)
def test_every_command_and_option_that_a_page_names_exists(page: str) -> None:
    found = {line: wrong(line) for line in commands(page)}
    assert {line: why for line, why in found.items() if why} == {}


SETTINGS = [
    pytest.param(page, body, id=f"{page} {at}")
    for page in GUIDES
    for at, (kind, body) in enumerate(_FENCE.findall(house.read(page)))
    if kind == "toml"
]


@pytest.mark.parametrize(("page", "body"), SETTINGS)
def test_settings_in_a_page_are_read_as_they_stand(page: str, body: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(body)
    tier = cloud_config if page == "docs/cloud.md" else edge_config
    tier.load(file, {}, {})


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("tidegate edge run --local-only", ""),
        ("tidegate fleet rollout pause|resume ROLLOUT", ""),
        ("tidegate edge run --no-such-thing", "no option --no-such-thing"),
        ("tidegate edge fly", "no command fly"),
        ("tidegate swim", "no command swim"),
        ("scripts/nothing", "no such script"),
    ],
)
def test_the_rule_about_commands_bites(line: str, fault: str) -> None:
    assert wrong(line) == fault


def test_the_rule_about_links_bites() -> None:
    assert not _leads(Path("README.md"), "docs/no-such-page.md")
    assert not _leads(Path("README.md"), "docs/threat-model.md#no-such-heading")
    assert _leads(Path("README.md"), "docs/threat-model.md")
