"""The device's key is made once; where it is gone from a folder that was made with one, nothing is made in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import EdgeConfig
from edge.device_key import load_or_make
from edge.stores import open_stores
from tidegate.errors import Broken


def test_a_fresh_folder_gets_a_key_and_keeps_it(tmp_path: Path) -> None:
    made = load_or_make(tmp_path)
    assert load_or_make(tmp_path) == made
    assert (tmp_path / "device.key").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_lost_its_key_gets_no_other_one(tmp_path: Path) -> None:
    open_stores(EdgeConfig(state=tmp_path), load_or_make(tmp_path)).close()
    (tmp_path / "device.key").unlink()
    with pytest.raises(Broken) as said:
        load_or_make(tmp_path)
    assert said.value.code == "device_key_missing"
    assert not (tmp_path / "device.key").exists()


def test_a_key_of_another_length_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "device.key").write_bytes(b"short")
    with pytest.raises(Broken) as said:
        load_or_make(tmp_path)
    assert said.value.code == "device_key_broken"
