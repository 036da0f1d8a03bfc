"""The same properties, guided by coverage: python -m scripts.fuzz.guided [--seconds 60] [--encoder patterns|full|small].

Needs the `atheris` package (31 MB, development only), in an environment of its own that sees the project's (docs/privacy.md). Without it
use scripts.fuzz.privacy. A failing input is left as a file; the number of runs is libFuzzer's own.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

from scripts.fuzz.tally import ENCODERS, Tally

_CHOSEN = "TIDEGATE_FUZZ_ENCODER"  # set: this is the child that fuzzes
_RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--encoder", choices=ENCODERS, default="patterns")
    given = parser.parse_args()
    tally = Tally("guided by coverage", given.encoder, began=time.monotonic())
    with tempfile.TemporaryDirectory(prefix="tidegate-fuzz-") as corpus:
        flags = ["-print_final_stats=1", f"-max_total_time={given.seconds}", "-max_len=4096", "-timeout=60"]
        found = subprocess.run(
            [sys.executable, "-m", "scripts.fuzz.guided", *flags, corpus],
            env={**os.environ, _CHOSEN: given.encoder},
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
    runs = _RUNS.search(found.stderr)
    if runs is None or found.returncode:
        print(found.stderr[-5000:])
    if runs is None:
        return found.returncode or 1
    tally.inputs, tally.failures = int(runs[1]), int(found.returncode != 0)
    tally.record()
    print(tally.told())
    return found.returncode


def fuzz(encoder: str) -> None:
    """Does not return."""
    import atheris  # type: ignore[import-not-found,unused-ignore]

    with atheris.instrument_imports(include=["tidegate.privacy"]):
        from scripts.fuzz.properties import PLANTED, finder, holds, holds_as_json

    detector = finder(encoder)

    def target(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        cuts = [provider.ConsumeIntInRange(0, 1 << 20) for _ in range(4)]
        value = PLANTED[provider.ConsumeIntInRange(0, len(PLANTED) - 1)]
        text = provider.ConsumeUnicode(1024)
        holds(text, cuts, "", detector)
        holds(f"{text}\n\n{value}", cuts, "" if "BEGIN" in text or value in text else value, detector)
        holds_as_json(text, "", detector)

    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    chosen = os.environ.get(_CHOSEN)
    if chosen is None:
        raise SystemExit(main())
    fuzz(chosen)
