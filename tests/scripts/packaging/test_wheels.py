"""What the lock and a wheel's file name say; what pip fetches is measured by scripts/wheels itself."""

from __future__ import annotations

import pytest

from scripts.packaging.wheels import FROM_SOURCE, LOCK, TARGETS, entries, wheel

LINES = """cffi==2.1.1 ; platform_python_implementation != 'PyPy' \\
    --hash=sha256:aa
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:bb
hf-xet==1.8.0 ; platform_machine == 'aarch64' \\
    --hash=sha256:cc
securesystemslib[crypto]==1.3.1 \\
    --hash=sha256:dd
"""


@pytest.mark.parametrize(
    ("label", "names"),
    [("x86-64", ["cffi", "securesystemslib"]), ("arm64", ["cffi", "hf-xet", "securesystemslib"])],
)
def test_markers_are_read_for_the_target_and_not_for_this_machine(label: str, names: list[str]) -> None:
    (target,) = [one for one in TARGETS if one.label == label]
    assert [one.name for one in entries(LINES) if one.wanted(target)] == names


def test_every_library_of_the_devices_lock_is_read() -> None:
    lock = LOCK.read_text(encoding="utf-8")
    found = list(entries(lock))
    assert len(found) == sum("==" in line for line in lock.splitlines() if line[:1].isalnum())
    assert all("--hash=sha256:" in one.text for one in found)
    assert set(FROM_SOURCE) <= {one.name for one in found}


@pytest.mark.parametrize(
    ("file", "pure", "glibc"),
    [
        ("httpx-0.28.1-py3-none-any.whl", True, (0, 0)),
        ("numpy-2.4.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl", False, (2, 27)),
        ("msgspec-0.22-cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64.whl", False, (2, 17)),
        ("re2-1-cp311-cp311-manylinux1_x86_64.whl", False, (2, 5)),
    ],
)
def test_a_wheels_name_says_what_it_runs_on(file: str, pure: bool, glibc: tuple[int, int]) -> None:
    found = wheel(file, 7)
    assert (found.pure, found.glibc, found.size) == (pure, glibc, 7)
