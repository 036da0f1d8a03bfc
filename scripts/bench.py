"""`python -m scripts.bench.NAME` for what `scripts/bench NAME` starts: this name is an alias of the package beside it.

The launcher took the name `scripts/bench`, so the measurements live in `scripts/benchmarks`.
"""

from pathlib import Path

__path__ = [str(Path(__file__).with_name("benchmarks"))]
