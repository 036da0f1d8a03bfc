"""What a text is about and how hard it looks: the encoder's small heads, read in the pass that redaction pays for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Domain(StrEnum):
    """What a request is about. Closed; an encoder file that names another domain is refused."""

    HOME = "home"
    MEDIA = "media"
    CALENDAR = "calendar"
    LISTS = "lists"
    MESSAGES = "messages"
    WEATHER = "weather"
    NEWS = "news"
    TRAVEL = "travel"
    FOOD = "food"
    MONEY = "money"
    WORK = "work"
    CHAT = "chat"
    KNOWLEDGE = "knowledge"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Subject:
    """Shares in 0..1, over all windows of a text weighted by their length.

    `weak_fails`: the share of small models expected to fail (learnt from published runs); `several`: the probability that the
    text holds more than one request. What both are worth is measured in the card.
    """

    domain: Domain
    share: float  # of `domain`; low means: about none of them
    weak_fails: float
    several: float
