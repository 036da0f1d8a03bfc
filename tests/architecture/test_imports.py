"""Rules 1 to 5 where import-linter cannot look: lazy imports, and libraries that nobody may have imported yet."""

from __future__ import annotations

import pytest

from tests.architecture import house

ONLY = {
    "llama_cpp": ("tidegate.engines",),
    "onnxruntime": ("tidegate.engines", "tidegate.privacy"),
    "re2": ("tidegate.privacy",),
    "sqlite3": ("edge.store", "cloud.store"),
    "sqlite_utils": ("edge.store",),
    "sqlalchemy": ("cloud.store",),
    "tidegate.wire": ("edge.uplink", "edge.update", "cloud.door", "cloud.fleet"),
    "grpc": ("edge.uplink", "cloud.door", "cloud.fleet", "cloud.app", "tidegate.identity"),
    "paho": ("tidegate.mqtt", "edge.agent.tools.mqtt"),
    "httpx": (
        "tidegate.engines",
        "tidegate.demo",
        "tidegate.models.download",
        "edge.update",
        "edge.asking",
        "edge.chat",
        "edge.cli",
        "edge.agent.tools.http",
        "edge.mcp.door",
    ),
    "mcp": ("edge.agent.tools.mcp_host", "edge.agent.tools.mcp_stdio", "edge.mcp.serve"),
    "huggingface_hub": ("tidegate.models.hub",),
    "requests": (),
    "urllib.request": (),
    "pickle": (),
    "cedarpy": ("cloud.policy",),
    "edge": ("edge",),
    "cloud": ("cloud",),
    "tests": (),
    "scripts": (),
}


def breaches(module: str, source: str) -> list[str]:
    """Names that `module` imports and may not."""
    return [
        name
        for name in house.imported(source)
        for guarded, allowed in ONLY.items()
        if house.within(name, (guarded,)) and not house.within(module, allowed)
    ]


def test_each_library_is_known_in_its_own_room_only() -> None:
    found = {
        path: breaches(house.module_of(path), house.read(path)) for path in house.python_files(*house.SOURCES)
    }
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize(
    ("module", "source", "breach"),
    [
        ("edge.routing.plan", "import grpc\n", True),
        ("edge.routing.plan", "def f():\n    from llama_cpp import llama_cpp\n", True),
        ("edge.turn", "from cloud.case import handle\n", True),
        ("tidegate.ids", "import edge\n", True),
        ("edge.store.spool", "import sqlite3\n", False),
        ("edge.uplink.client", "from tidegate.wire.v1 import escalation_pb2\n", False),
        ("edge.ledger", "import edgewise\n", False),
    ],
)
def test_the_import_rule_bites(module: str, source: str, breach: bool) -> None:
    assert bool(breaches(module, source)) is breach


DETERMINISTIC = ("edge.turn", "edge.ports", "edge.routing.plan", "cloud.case", "cloud.ports")
CLOCKS = {"time", "datetime", "random", "secrets", "os", "socket", "subprocess", "tidegate.clock"}


@pytest.mark.parametrize("module", DETERMINISTIC)
def test_the_two_files_to_read_first_read_no_clock_and_no_dice(module: str) -> None:
    source = house.read(module.replace(".", "/") + ".py")
    assert not CLOCKS.intersection(house.imported(source))
