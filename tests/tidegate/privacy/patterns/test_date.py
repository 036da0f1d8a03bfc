"""Calendar dates, not times, versions or years."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.date import DATE

HITS = [
    ("on 2024-05-03.", ["2024-05-03"]),
    ("03/05/2024", ["03/05/2024"]),
    ("born 3.5.85", ["3.5.85"]),
    ("12 March 1985", ["12 March 1985"]),
    ("March 5, 2024", ["March 5, 2024"]),
    ("12. März 1985", ["12. März 1985"]),
    ("le 12 mars 1985", ["12 mars 1985"]),
    ("3rd of May 2021", ["3rd of May 2021"]),
    ("DOB 03-15-1989", ["03-15-1989"]),
    ("12-Mar-1985", ["12-Mar-1985"]),
    ('{"dob":"1985-03-12"}', ["1985-03-12"]),
    ("12 de mayo de 1990", ["12 de mayo de 1990"]),
    ("on Wednesday, September 13, 1972.", ["Wednesday, September 13, 1972"]),
    ("dob: Mon 03 Oct 2011", ["Mon 03 Oct 2011"]),
    ("seen on 1979-03-11 10:10:10 from", ["1979-03-11 10:10:10"]),
    ("recorded at 2015-12-07T09:36:14.", ["2015-12-07T09:36:14"]),
    ("May 24, 2018 at 07:07 AM.", ["May 24, 2018 at 07:07 AM"]),
    ("27.06.2009, 05:37", ["27.06.2009, 05:37"]),
    ("05:12 PM on March 03, 2015", ["05:12 PM on March 03, 2015"]),
    ("we met in 04/02/24.", ["04/02/24"]),
    ("signed on 3.5.19", ["3.5.19"]),
    ("14/Feb/2002", ["14/Feb/2002"]),
    ("Phone: x\nPlaced: 2004-10-09 05:52:37", ["2004-10-09 05:52:37"]),
    ("Effective 08/22/11, she is", ["08/22/11"]),
    ("dob: friday, april 16, 1999", ["friday, april 16, 1999"]),
]
NEAR_MISSES = [
    "2024",
    "2024-13-01",
    "32/01/2024",
    "2024-05-03T10:00:00Z",
    "2024-05-03 10:00:00,123",
    "1.2.2024.5",
    "3.5.85",
    "May 2024",
    "in March",
    "12/26",
    "v2024-05-03x",
    "1.2.3",
    "on the 5th",
    "2020-01",
    "Timestamp: 2004-10-09 05:52:37",
    "INFO: 2004-10-09 05:52:37",
    "2024-05-03 10:00:00 INFO started",
    "ratio 1/2/20",
    "version of 3.5.19",
    "on 45/14/20",
    "the fraction 04/02/24",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(DATE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
