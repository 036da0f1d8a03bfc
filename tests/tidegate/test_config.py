"""Settings: file, environment, flags; errors that name the place, the key and the reason."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate import config
from tidegate.errors import BadConfig


class Mode(StrEnum):
    LOCAL = "local"
    SHARED = "shared"


class Uplink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    address: str = ""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 443
    words: tuple[str, ...] = ()
    folder: Path | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mode: Mode = Mode.LOCAL
    share: float = 0.5
    loud: bool = False
    uplink: Uplink = Uplink()
    spare: Uplink | None = None


def load(
    tmp_path: Path,
    toml: str = "",
    environ: dict[str, str] | None = None,
    flags: dict[str, object] | None = None,
) -> Settings:
    file = tmp_path / "edge.toml"
    file.write_text(toml, encoding="utf-8")
    return config.load(Settings, file=file, environ=environ or {}, prefix="T", flags=flags or {})


def test_everything_has_a_default() -> None:
    assert config.load(Settings, file=None, environ={}, prefix="T", flags={}) == Settings()


def test_the_environment_lies_over_the_file_and_a_flag_over_both(tmp_path: Path) -> None:
    toml = '[uplink]\naddress = "file"\nport = 1\nwords = ["file"]\n'
    found = load(tmp_path, toml, {"T__UPLINK__PORT": "2", "T__UPLINK__WORDS": "a, b"}, {"uplink.port": 3})
    assert found.uplink == Uplink("file", 3, ("a", "b"))


def test_a_flag_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "share = 0.25", flags={"share": None}).share == 0.25


def test_text_from_the_environment_becomes_what_the_setting_is(tmp_path: Path) -> None:
    found = load(
        tmp_path, environ={"T__MODE": "shared", "T__SHARE": "0.75", "T__LOUD": "true", "T__SPARE__PORT": "9"}
    )
    assert found == Settings(Mode.SHARED, 0.75, loud=True, spare=Uplink(port=9))


def test_the_home_folder_is_found_in_paths(tmp_path: Path) -> None:
    home = Path("~/x").expanduser()
    assert load(tmp_path, '[uplink]\nfolder = "~/x"').uplink.folder == home
    assert load(tmp_path, environ={"T__UPLINK__FOLDER": "~/x"}).uplink.folder == home
    for flag in ("~/x", Path("~/x")):
        assert load(tmp_path, flags={"uplink.folder": flag}).uplink.folder == home
    assert load(tmp_path, '[uplink]\nfolder = "a~/x"').uplink.folder == Path("a~/x")


def test_variables_of_others_are_nobodys_business(tmp_path: Path) -> None:
    assert load(tmp_path, environ={"TZ": "UTC", "T_MODE": "x", "OTHER__MODE": "x"}) == Settings()


@pytest.mark.parametrize(
    ("toml", "environ", "flags", "said"),
    [
        ("modee = 1", {}, {}, ["edge.toml", "'modee'", "did you mean mode?"]),
        ("[uplink]\nadress = 1", {}, {}, ["edge.toml", "'adress' in uplink", "did you mean uplink.address?"]),
        ("[uplink]\nport = 70000", {}, {}, ["edge.toml", "uplink.port", "<= 65535"]),
        ("[uplink]\nport = '80'", {}, {}, ["edge.toml", "uplink.port", "Expected `int`, got `str`"]),
        ("uplink = 3", {}, {}, ["edge.toml", "uplink", "is a group of settings"]),
        ("mode = 'hunter2'", {}, {}, ["edge.toml", "mode", "none of the allowed words"]),
        ("mode = \n", {}, {}, ["edge.toml", "not valid TOML", "line 1"]),
        ("", {"T__UPLINK__PORT": "x"}, {}, ["environment variable T__UPLINK__PORT", "uplink.port"]),
        ("", {"T__UPLINK__PROTO": "x"}, {}, ["environment variable T__UPLINK__PROTO", "'proto' in uplink"]),
        ("", {"T__MODE__X": "x"}, {}, ["environment variable T__MODE__X", "'x' in mode"]),
        ("", {}, {"uplink.port": "many"}, ["command line", "uplink.port", "Expected `int`"]),
    ],
)
def test_a_wrong_setting_names_its_place_its_key_and_the_reason(
    tmp_path: Path, toml: str, environ: dict[str, str], flags: dict[str, object], said: list[str]
) -> None:
    with pytest.raises(BadConfig) as caught:
        load(tmp_path, toml, environ, flags)
    message = str(caught.value)
    assert all(part in message for part in said), message
    assert "hunter2" not in message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"none\.toml: cannot be read: No such file"):
        config.load(Settings, file=tmp_path / "none.toml", environ={}, prefix="T", flags={})


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes(b'[uplink]\naddress = "\xff"')
    with pytest.raises(BadConfig, match="not UTF-8"):
        config.load(Settings, file=file, environ={}, prefix="T", flags={})


def test_every_key_can_be_listed() -> None:
    assert list(config.keys(Settings))[:5] == ["mode", "share", "loud", "uplink.address", "uplink.port"]


_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_names = st.sampled_from(["mode", "share", "loud", "uplink", "spare", "port", "address", "words", "x", ""])
_trees = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4)
)


@given(st.dictionaries(st.lists(_names, min_size=1, max_size=3).map(".".join), _trees, max_size=4))
def test_whatever_is_given_becomes_settings_or_one_clear_error(flags: dict[str, object]) -> None:
    try:
        found = config.load(Settings, file=None, environ={}, prefix="T", flags=flags)
    except BadConfig as error:
        assert str(error)
    else:
        assert isinstance(found, Settings)
        assert 1 <= found.uplink.port <= 65535


@given(
    st.dictionaries(
        st.lists(_names, min_size=1, max_size=3).map(lambda p: "T__" + "__".join(p)), st.text(), max_size=4
    )
)
def test_no_environment_can_do_worse_than_one_clear_error(environ: dict[str, str]) -> None:
    try:
        found = config.load(Settings, file=None, environ=environ, prefix="T", flags={})
    except BadConfig as error:
        assert "environment variable T__" in str(error)
    else:
        assert isinstance(found, Settings)
