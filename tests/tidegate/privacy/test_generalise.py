"""Less of a value, or nothing less."""

import pytest

from tidegate.privacy.generalise import generalise
from tidegate.privacy.spans import Label


@pytest.mark.parametrize(
    ("label", "value", "less"),
    [
        (Label.DATE_TIME, "12 March 1985", "1985"),
        (Label.DATE_TIME, "2024-05-03", "2024"),
        (Label.DATE_TIME, "May 12th", None),
        (Label.DATE_TIME, "1985", None),
        (Label.AGE, "34 years old", "30-39 years old"),
        (Label.AGE, "7", "0-9"),
        (Label.AGE, "aged 97", "aged over 90"),
        (Label.AGE, "old", None),
        (Label.STREET_ADDRESS, "Birkenweg 14, 80331 München", "München"),
        (Label.STREET_ADDRESS, "1600 Amphitheatre Parkway, Mountain View, CA 94043", "Mountain View"),
        (Label.STREET_ADDRESS, "12 High Street, London SW1A 1AA", "London"),
        (Label.STREET_ADDRESS, "Keizersgracht 12, 1015 CJ Amsterdam", "Amsterdam"),
        (Label.STREET_ADDRESS, "12 High Street", None),
        (Label.POSTAL_CODE, "SW1A 1AA", "SW1A"),
        (Label.POSTAL_CODE, "80331", "80***"),
        (Label.COORDINATES, "52.51627, 13.37770", "52.5, 13.3"),
        (Label.IP_ADDRESS, "203.0.113.7", "203.0.113.x"),
        (Label.IP_ADDRESS, "2001:db8::7", None),
        (Label.PERSON, "Anna Berg", None),
        (Label.API_KEY, "sk-1", None),
    ],
)
def test_a_value_gets_its_general_form(label: Label, value: str, less: str | None) -> None:
    assert generalise(label, value) == less
