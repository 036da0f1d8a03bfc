"""What the doctor says about the agent's tools."""

from __future__ import annotations

import pytest

from edge.agent.settings import HttpSetting, ToolSetting
from edge.agent.tools.sandbox import Sandbox, available
from edge.checkup.found import Finding
from edge.checkup.tools import look
from edge.config import EdgeConfig
from tidegate.errors import BadConfig

CLOCK = ToolSetting(name="clock", description="", command=("date",))
NEAR = ToolSetting(name="near", description="", http=HttpSetting(url="http://127.0.0.1:1/"))


def test_without_tools_there_is_nothing_to_say() -> None:
    assert look("tools", EdgeConfig()).finding is Finding.NOT_USED


def test_tools_that_run_elsewhere_need_no_sandbox() -> None:
    assert look("tools", EdgeConfig(tools=(NEAR,))).finding is Finding.OK


def test_commands_say_what_confines_them_or_that_nothing_does() -> None:
    found = look("tools", EdgeConfig(tools=(CLOCK, NEAR)))
    works = available() is not Sandbox.LIMITS
    assert found.finding is (Finding.OK if works else Finding.ATTENTION)
    assert ("bubblewrap" in found.next) is not works
    assert found.said.startswith("2 tools, 0 MCP servers")


def test_a_tool_that_would_stop_the_start_is_named() -> None:
    with pytest.raises(BadConfig) as wrong:
        look("tools", EdgeConfig(tools=(CLOCK, CLOCK)))
    assert "clock" in wrong.value.message
