"""The same properties, guided by coverage: python -m scripts.fuzz.guided [libFuzzer's flags, such as -max_total_time=60].

Needs the `atheris` package (35 MB, development only), in an environment of its own that sees the project's. Without it use
scripts.fuzz.privacy. It prints the number of runs, and a failing input as bytes.
"""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-not-found,unused-ignore]

with atheris.instrument_imports(include=["tidegate.privacy"]):
    from scripts.fuzz.properties import holds, holds_as_json


def target(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    cuts = [provider.ConsumeIntInRange(0, 1 << 20) for _ in range(4)]
    text = provider.ConsumeUnicode(2048)
    holds(text, cuts)
    holds_as_json(text)


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-print_final_stats=1"], target)
    atheris.Fuzz()
