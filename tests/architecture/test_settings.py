"""Rule 7: a setting without documentation fails here."""

from __future__ import annotations

import msgspec
import pytest

from cloud.config import CloudConfig
from edge.config import EdgeConfig
from scripts import docs_settings
from tests.architecture import house
from tidegate import config


@pytest.mark.parametrize(("tier", "kind"), [("edge", EdgeConfig), ("cloud", CloudConfig)])
def test_every_setting_is_documented(tier: str, kind: type[msgspec.Struct]) -> None:
    page = house.read("docs/settings.md").partition(f"## {tier}.toml")[2]
    missing = [key for key in config.keys(kind) if f"`{key}`" not in page]
    assert not missing, "run scripts/docs"


def test_the_page_says_what_the_settings_say() -> None:
    assert house.read("docs/settings.md") == docs_settings.page(), "run scripts/docs"


@pytest.mark.parametrize(
    ("file", "top"), [("edge/config.py", "EdgeConfig"), ("cloud/config.py", "CloudConfig")]
)
def test_every_setting_says_what_it_does(file: str, top: str) -> None:
    silent = [
        setting.key
        for group in docs_settings.groups(house.read(file), top)
        for setting in group.settings
        if not setting.about
    ]
    assert not silent, f"write a comment beside the field in {file}"


def test_a_field_gives_its_type_its_default_and_its_comment() -> None:
    source = '''
class Door(Struct):
    """Where devices knock."""
    port: Count = 8642  # 0: any
class Top(Struct):
    """All."""
    level: str = "info"
    door: Door = Door()
'''
    first, second = docs_settings.groups(source, "Top")
    assert first.settings == (docs_settings.Setting("level", "text", "`info`", ""),)
    assert (second.name, second.about) == ("door", "Where devices knock.")
    assert second.settings == (docs_settings.Setting("door.port", "whole number from 1", "`8642`", "0: any"),)
