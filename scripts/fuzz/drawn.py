"""The same properties over texts that hypothesis draws: python -m scripts.fuzz.drawn [--examples 1000] [--encoder patterns|full|small].

Any text; values beside odd characters; any JSON; any bytes, read in several ways. A failing text is shrunk and shown.
"""

from __future__ import annotations

import argparse
import json
import time

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from scripts.fuzz.privacy import CORPUS, ODD
from scripts.fuzz.properties import PLANTED, finder, holds, holds_as_json
from scripts.fuzz.tally import ENCODERS, Tally
from tidegate.privacy.detect import Detector

any_text = st.text(alphabet=st.characters(), max_size=300)
near_values = st.lists(
    st.one_of(st.sampled_from((*PLANTED, *CORPUS)), st.text(alphabet=ODD, max_size=8), st.text(max_size=6)),
    max_size=8,
).map("".join)
read_bytes = st.tuples(
    st.binary(max_size=300), st.sampled_from(["utf-8", "latin-1", "utf-16", "cp1252"])
).map(lambda drawn: drawn[0].decode(drawn[1], "replace"))
stray_bytes = st.binary(max_size=300).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
texts = st.one_of(any_text, near_values, read_bytes, stray_bytes)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), near_values, any_text
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)
cut_places = st.lists(st.integers(0, 1 << 20), max_size=6)


def drawn(tally: Tally, detector: Detector, examples: int, seed: int) -> None:
    """So many texts and so many JSON values. Raises AssertionError with the smallest text that fails."""
    usual = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )

    @usual
    @given(texts, cut_places, st.sampled_from(PLANTED))
    def plain(text: str, cuts: list[int], value: str) -> None:
        whole = f"{text}\n\n{value}"
        sure = "" if "BEGIN" in text or value in text else value
        tally.timed(text, lambda: holds(text, cuts, "", detector))
        tally.timed(whole, lambda: holds(whole, cuts, sure, detector))

    @usual
    @given(values)
    def as_json(value: object) -> None:
        text = json.dumps(value, ensure_ascii=False)
        tally.timed(text, lambda: holds_as_json(text, "", detector))

    seeded(seed)(plain)()
    seeded(seed)(as_json)()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--encoder", choices=ENCODERS, default="patterns")
    chosen = parser.parse_args()
    tally = Tally("drawn by hypothesis", chosen.encoder, began=time.monotonic())
    try:
        drawn(tally, finder(chosen.encoder), chosen.examples, chosen.seed)
    except Exception as wrong:
        tally.failures += 1
        tally.record()
        print(tally.told())
        raise SystemExit(f"FAILED: {wrong!r}") from wrong
    tally.record()
    print(tally.told())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
