"""docs/settings.md, made from the settings' own types, defaults and comments, so that it cannot lag behind."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.reload.rules import is_live

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "settings.md"

HEAD = """<!-- Made by scripts/docs from edge/config.py and cloud/config.py: change those. -->

# Settings

Each tier reads one TOML file, lays environment variables over it and command-line flags over those. Every setting has
a default that works; an unknown key, a wrong type or broken TOML stops the start with the place, the key and the reason.
A variable is the tier's prefix, then each part of the key in capitals, joined by two underscores; items of a list are
separated by commas.
"""


@dataclass(frozen=True)
class Setting:
    key: str
    kind: str
    default: str
    about: str


@dataclass(frozen=True)
class Group:
    name: str
    about: str
    settings: tuple[Setting, ...]


def groups(source: str, top: str) -> Iterator[Group]:
    """The groups of one settings file in order; `top` is the class whose fields are the groups."""
    lines = source.splitlines()
    structs = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    fields = list(_fields(structs[top]))
    plain = [field for field in fields if _name(field.annotation) not in structs or _is_enum(structs, field)]
    yield Group(
        "", ast.get_docstring(structs[top]) or "", tuple(_setting("", field, lines) for field in plain)
    )
    for field in fields:
        kind = structs.get(_name(field.annotation))
        if kind is not None and field not in plain:
            name = _name(field.target)
            inner = tuple(_setting(f"{name}.", each, lines) for each in _fields(kind))
            yield Group(name, ast.get_docstring(kind) or "", inner)


def _is_enum(structs: dict[str, ast.ClassDef], field: ast.AnnAssign) -> bool:
    return any(_name(base) == "StrEnum" for base in structs[_name(field.annotation)].bases)


def _fields(kind: ast.ClassDef) -> Iterator[ast.AnnAssign]:
    return (node for node in kind.body if isinstance(node, ast.AnnAssign))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _setting(above: str, field: ast.AnnAssign, lines: list[str]) -> Setting:
    about = next(
        (
            line.split("  # ", 1)[1]
            for line in lines[field.lineno - 1 : field.end_lineno]
            if "  # " in line and not line.split("  # ", 1)[1].startswith("fmt:")
        ),
        "",
    )
    return Setting(above + _name(field.target), _kind(field.annotation), _default(field.value), about)


def _kind(annotation: ast.expr) -> str:
    words = {
        "str": "text", "int": "whole number", "bool": "true or false", "float": "number", "Path": "path",
        "Count": "whole number from 1", "Seconds": "seconds", "Amount": "number from 0", "Fraction": "0 to 1", "Chance": "above 0, below 1", "Port": "port, 0 for any free one",
    }  # fmt: skip
    text = ast.unparse(annotation)
    base = text.removesuffix(" | None")
    if base.startswith("tuple["):
        return "list"
    if base.startswith("dict["):
        return "table"
    if base.startswith("Annotated[int"):
        return "whole number"
    if base.startswith("Annotated[float"):
        return "number"
    return words.get(base, "one of its words")


def _default(value: ast.expr | None) -> str:
    if value is None:
        return "required"
    text = ast.unparse(value)
    if text in {"None", "''", "()", "{}"}:
        return "absent"
    if "lambda: Path" in text:
        return f"`{text.split(chr(39))[1]}`"
    if isinstance(value, ast.Attribute):
        return f"`{value.attr.lower().replace('_', '-')}`"
    if isinstance(value, ast.Tuple):
        return "`" + ", ".join(str(ast.literal_eval(item)) for item in value.elts) + "`"
    return f"`{ast.literal_eval(value)}`".replace("`True`", "`true`").replace("`False`", "`false`")


LIVE = """What is marked *live* below changes while the daemon runs: after editing the file, `tidegate edge reload` (or SIGHUP) reads
all sources again, checks them whole and applies every live key at once. It prints what was applied and what needs a restart, which
keeps its old value meanwhile; when anything is wrong, or a new model or detector does not load, every old setting stands. Requests that
are being answered end under the settings they began with. `tidegate models use NAME --config FILE` followed by a reload swaps
the model without dropping a request. The log has one line, `settings_reloaded`, with the policy's version before and after.
Tools, MCP servers and the agent's settings change under running runs: a call that is being carried out ends with the tool it began with, a tool that
is gone is refused from the next call on, a server that is declared as before is not started anew. `mode` is live between the modes that have a way out, `model.path` where no fleet decides about the model.
"""


def section(
    tier: str, prefix: str, found: list[Group], live: Callable[[str], bool] | None = None, note: str = ""
) -> str:
    """`live` adds a column: whether a key changes without a restart."""
    parts = [f"## {tier}.toml\n\nPrefix `{prefix}`: `door.port` is `{prefix}__DOOR__PORT`.\n"]
    parts += [note] if note else []
    column, line = ("changes | ", "---|") if live is not None else ("", "")
    for group in found:
        title = f"### [{group.name}]\n\n" if group.name else ""
        about = " ".join(group.about.split())
        rows = [
            f"| `{s.key}` | {s.kind} | {s.default} | {_when(s.key, live)}{s.about} |" for s in group.settings
        ]
        head = f"| key | kind | default | {column}what it does |"
        table = "\n".join([head, f"|---|---|---|---|{line}", *rows])
        parts.append(f"{title}{about}\n\n{table}\n".lstrip())
    return "\n".join(parts)


def _when(key: str, live: Callable[[str], bool] | None) -> str:
    if live is None:
        return ""
    return "live | " if live(key) else "restart | "


def page() -> str:
    """The whole page as it ought to be."""
    edge = list(groups((ROOT / "edge" / "config.py").read_text(encoding="utf-8"), "EdgeConfig"))
    cloud = list(groups((ROOT / "cloud" / "config.py").read_text(encoding="utf-8"), "CloudConfig"))
    return "\n".join(
        [
            HEAD,
            section("edge", "TIDEGATE_EDGE", edge, is_live, LIVE),
            section("cloud", "TIDEGATE_CLOUD", cloud),
        ]
    )


def main() -> int:
    wanted = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    print(
        "docs/settings.md is not what the settings say: run scripts/docs and commit the result",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
