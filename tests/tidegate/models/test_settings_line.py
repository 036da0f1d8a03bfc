"""One line of a settings file changes, and nothing else."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.errors import BadConfig
from tidegate.models.settings_line import value_of, with_value

FULL = """\
# our pump
state = "/var/lib/tidegate"   # kept

[model]  # the model
threads = 2
path = "/old.gguf"  # yesterday's

[uplink]
address = "cloud:8701"
path = "no model"
"""


def test_the_line_is_replaced_and_every_other_stays() -> None:
    after = with_value(FULL, "model", "path", "/new.gguf")
    changed = [
        (old, new) for old, new in zip(FULL.splitlines(), after.splitlines(), strict=True) if old != new
    ]
    assert changed == [('path = "/old.gguf"  # yesterday\'s', 'path = "/new.gguf"')]


def test_the_line_is_taken_away() -> None:
    after = with_value(FULL, "model", "path", None)
    assert "old.gguf" not in after
    assert tomllib.loads(after)["uplink"] == {"address": "cloud:8701", "path": "no model"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[model]\npath = "x"\n'),
        ('mode = "local-only"', 'mode = "local-only"\n\n[model]\npath = "x"\n'),
        ("[model]\nthreads = 1\n", '[model]\npath = "x"\nthreads = 1\n'),
        ("[model]", '[model]\npath = "x"\n'),
        ('[model]\npath = "x"', '[model]\npath = "x"'),
        ("[uplink]\n[ model ] # here\n", '[uplink]\n[ model ] # here\npath = "x"\n'),
    ],
)
def test_where_there_is_no_line_one_is_added(before: str, after: str) -> None:
    assert with_value(before, "model", "path", "x") == after


@pytest.mark.parametrize(
    "before",
    [
        "model.threads = 1\n",
        "model = { threads = 1 }\n",
        '[model]\nnote = """\npath = 1\n"""\n',
        '[model]\nthreads = 1\n"path" = "y"\n',
    ],
)
def test_a_file_written_in_another_way_is_left_to_a_person(before: str) -> None:
    with pytest.raises(BadConfig) as said:
        with_value(before, "model", "path", "x")
    assert said.value.code == "config_by_hand"
    assert '[model]: path = "x"' in str(said.value)


def test_a_file_that_is_no_toml_is_left_alone() -> None:
    with pytest.raises(BadConfig) as said:
        with_value("[model\n", "model", "path", "x")
    assert said.value.code == "config_syntax"


@settings(max_examples=40)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_path_is_written_so_that_it_is_read_back(path: str) -> None:
    assert value_of(with_value(FULL, "model", "path", path), "model", "path") == path


def test_what_is_not_there_is_empty() -> None:
    assert value_of("", "model", "path") == ""
    assert value_of("model = 1", "model", "path") == ""
    assert value_of("[model]\npath = 3", "model", "path") == ""
    assert value_of("[model", "model", "path") == ""
