"""Rules 3 and 6: small functions, files and classes; no casts, no patching; names that say what they mean."""

from __future__ import annotations

from tests.architecture import house

FILES = house.python_files()


def test_functions_files_and_classes_stay_small() -> None:
    assert not {path: large for path in FILES if (large := too_large(house.read(path)))}


def too_large(source: str) -> list[str]:
    lines = source.count("\n")
    whole = [f"file ({lines} lines)"] if lines > 500 else []
    return whole + house.long_functions(source, 80) + house.long_classes(source, 250)


def test_the_size_rule_bites_on_the_eighty_first_line() -> None:
    body = "\n".join("    pass" for _ in range(80))
    assert house.long_functions(f"def f():\n{body}\n", 80) == ["f (81 lines)"]
    assert not house.long_functions(f"def f():\n{body}\n", 81)


CASTS = ("typing.cast", "typing_extensions.cast")


def test_nobody_casts() -> None:
    assert not [path for path in FILES if "/architecture/" not in path and casts(house.read(path))]


def casts(source: str) -> list[str]:
    direct = [name for name in house.imported(source) if name in CASTS]
    return direct + (["typing.cast"] if "typing.cast(" in source else [])


def test_the_cast_rule_bites_however_it_is_spelled() -> None:
    assert casts("from typing import cast as promise\n")
    assert casts("import typing\nx = typing.cast(str, 1)\n")
    assert not casts("import numpy\nx = numpy.float32(1).astype(int)  # a cast of numbers is no promise\n")


VAGUE = ("Manager", "Processor", "Helper", "Util")
VAGUE_FILES = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py"}


def test_names_say_what_a_thing_is() -> None:
    assert not [path for path in FILES if path.rpartition("/")[2] in VAGUE_FILES]
    assert not [name for path in FILES for name in vague_classes(house.read(path))]


def vague_classes(source: str) -> list[str]:
    return [name for name in house.classes(source) if name.endswith(VAGUE)]


def test_the_naming_rule_bites() -> None:
    assert vague_classes("class RedactionManager: ...\n") == ["RedactionManager"]
    assert not vague_classes("class Managerial: ...\n")


def test_tests_use_fakes_and_never_patch() -> None:
    tests = {path: house.imported(house.read(path)) for path in house.python_files("tests")}
    assert not [
        path for path, names in tests.items() if any(name.startswith("unittest.mock") for name in names)
    ]
