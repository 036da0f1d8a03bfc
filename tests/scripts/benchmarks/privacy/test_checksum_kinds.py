"""Every number with a checksum is found under its own class, whatever other kind its digits also satisfy."""

import pytest

from scripts.benchmarks.privacy import ids
from scripts.benchmarks.privacy.labels import class_of
from tidegate.privacy.detect import Detector

IBANS = [
    "DE89370400440532013000",
    "GB82WEST12345698765432",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
]


@pytest.mark.parametrize("seed", [3, 31])
def test_each_value_is_found_whole_and_called_what_it_is(seed: int) -> None:
    detector = Detector()
    for row in ids.checksummed({"iban": IBANS}, seed, 24):
        mark = row.marks[0]
        found = [(span.start, span.end, class_of(span.label.value)) for span in detector.find(row.text)]
        assert (mark.start, mark.end, class_of(mark.label)) in found, (row.group, row.text, found)
