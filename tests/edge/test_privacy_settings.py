"""What the operator says about private values in edge.toml, from the file to what leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import config as settings
from edge.config import EdgeConfig, Privacy
from edge.finders import build_detector
from edge.routing.plan import Consent
from edge.screen import Detectors, PrivacyScreen
from tests.edge.test_screen import Shelf, asking, user
from tidegate.clock import SystemClock
from tidegate.errors import BadConfig
from tidegate.ids import ConversationId
from tidegate.privacy.actions import Action, Handling
from tidegate.privacy.spans import Label

FILE = """
[policy]
names = false

[privacy]
hide = ["Falcon"]
show = ["help@example.org"]
consent = "ask"
patterns = [{name = "ticket", expression = "TCK-[0-9]{4}"}]

[privacy.actions]
DATE_TIME = "generalise"
EMAIL_ADDRESS = "pseudonymise"
IBAN_CODE = "allow"
CREDIT_CARD = "block"

[privacy.consent_for]
MEDICAL_RECORD = "never"
"""


@pytest.fixture
def config(tmp_path: Path) -> EdgeConfig:
    file = tmp_path / "edge.toml"
    file.write_text(FILE)
    return settings.load(file, {}, {})


def test_the_file_says_it_all(config: EdgeConfig) -> None:
    privacy = config.privacy
    assert privacy.actions[Label.CREDIT_CARD] is Action.BLOCK
    assert (privacy.consent, privacy.consent_for) == (Consent.ASK, {Label.MEDICAL_RECORD: Consent.NEVER})
    assert privacy.patterns[0].label is Label.CUSTOM


def test_what_leaves_is_what_the_file_says_and_comes_back(config: EdgeConfig) -> None:
    screen = PrivacyScreen(
        Detectors(lambda: build_detector(config), lambda: lambda text: 0.0),
        Shelf(),
        key=b"k" * 32,
        clock=SystemClock(),
        ttl_s=60.0,
        handling=Handling(config.privacy.actions),
    )
    text = "Falcon TCK-1234 of 12 March 1985: eva@example.org, help@example.org, DE89370400440532013000, 4111 1111 1111 1111"
    request = asking(user(text))
    shown = screen.redact(request).messages[0].content.text
    assert "help@example.org, DE89370400440532013000" in shown
    assert " of 1985: " in shown
    assert "@mail.invalid" in shown
    assert not {"Falcon", "TCK-1234", "eva@example.org", "4111"} & set(shown.replace(",", " ").split())
    assert screen.restore(ConversationId(request.conversation), shown) == text.replace(
        "12 March 1985", "1985"
    )


@pytest.mark.parametrize("expression", ["(", "(?=a)", "a*"])
def test_a_broken_pattern_stops_the_start_and_is_named(tmp_path: Path, expression: str) -> None:
    file = tmp_path / "edge.toml"
    file.write_text(f"[privacy]\npatterns = [{{name = 'mine', expression = '{expression}'}}]\n")
    with pytest.raises(BadConfig, match="mine"):
        settings.load(file, {}, {})


def test_a_kind_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    file.write_text("[privacy.actions]\nSHOE_SIZE = 'mask'\n")
    with pytest.raises(BadConfig, match=r"privacy\.actions"):
        settings.load(file, {}, {})


def test_without_a_word_of_the_operator_everything_is_masked() -> None:
    assert Privacy().actions == {}
    assert Privacy().consent is Consent.ALWAYS
