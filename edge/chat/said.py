"""What the chat prints beside answers: one dim line about each, and the small commands. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.chat.talk import Asks, Left, Told
from edge.pages import words

HELP = """\
/local-only on|off   answers come from this device alone
/review on|off       answers wait for a person in the cloud
/preview TEXT        what would leave for that question, without asking it
/tickets             what still waits for an answer
/new                 begin another conversation
/quit                end (also Ctrl-D)"""


class Word(StrEnum):
    """What a line of input is."""

    QUESTION = "question"
    LOCAL_ONLY = "/local-only"
    REVIEW = "/review"
    PREVIEW = "/preview"
    TICKETS = "/tickets"
    NEW = "/new"
    HELP = "/help"
    QUIT = "/quit"
    UNKNOWN = "unknown"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Input:
    word: Word
    rest: str = ""


def parse(line: str) -> Input:
    """A line as it was typed. A question may begin with a slash when it is written twice."""
    text = line.strip()
    if not text:
        return Input(Word.NOTHING)
    if text.startswith("//"):
        return Input(Word.QUESTION, text[1:])
    if not text.startswith("/"):
        return Input(Word.QUESTION, text)
    head, _, rest = text.partition(" ")
    known = {str(word): word for word in Word if word.startswith("/")} | {"/exit": Word.QUIT, "/?": Word.HELP}
    return Input(known.get(head.lower(), Word.UNKNOWN), rest.strip())


def switched(now: bool, rest: str) -> bool:
    """A switch after `on`, `off`, or nothing (the other way round)."""
    return {"on": True, "off": False}.get(rest.lower(), not now)


def about(told: Told) -> str:
    """One line about an answer: who gave it and how surely, what left, how long it took."""
    parts = [_source(told), left(told.left), words.took(told.seconds * 1000)]
    if told.ticket:
        parts.append(f"ticket {told.ticket}")
    return " · ".join(part for part in parts if part)


def _source(told: Told) -> str:
    sure = "" if told.confidence is None else f"{told.confidence * 100:.0f} % sure"
    match told.source:
        case "device":
            doubts = "" if told.state == "answered" else "its best guess"
            why = "" if told.why == "confident" else words.why(told.why)
            return "this device" + _inside(sure, doubts, why)
        case "cloud":
            here = f"{sure} here" if sure else ""
            return "the cloud" + _inside(words.why(told.why), here)
        case _:
            late = told.state in ("held", "queued")
            return ("no answer yet" if late else "no answer") + _inside(
                told.state if late else "", words.why(told.why)
            )


def _inside(*parts: str) -> str:
    found = [part for part in parts if part]
    return f" ({', '.join(found)})" if found else ""


def left(what: Left) -> str:
    """What left the device, in words."""
    if not what.sends:
        return "nothing left"
    hidden = replaced(what.entities)
    times = "" if what.sends == 1 else f" in {what.sends} sends"
    return f"{words.size(what.bytes)} left{times}, {hidden or 'no private value found'}"


def replaced(entities: dict[str, int] | object) -> str:
    """`1 name and 2 links replaced`; empty when nothing was."""
    if not isinstance(entities, dict) or not entities:
        return ""
    named = [f"{count} {words.kind(label, count)}" for label, count in entities.items()]
    return f"{', '.join(named)} replaced"


def would_leave(asks: Asks) -> str:
    """All that would leave, for somebody who is asked."""
    lines = [f"  {role}: {text}" for role, text in asks.turns]
    size = f" ({words.size(asks.size)})" if asks.size else ""
    return "\n".join(
        [f"This would leave the device{size}, {replaced(asks.entities) or 'no private value found'}:", *lines]
    )
