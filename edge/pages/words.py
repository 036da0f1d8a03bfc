"""Closed words of the daemon as people read them. A word that is not here is shown as it is, without its underscores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

    from edge.promise.ledger import Sheet
    from tidegate.engines.seats import Tally

_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*_[0-9]+·[0-9a-z]{2,12}\]")
_COMMAND = re.compile(r"`([^`]+)`")

MODES: Mapping[str, tuple[str, str]] = {
    "local-only": ("Local only", "No way out is constructed: nothing can leave this device."),
    "ask": ("Ask first", "Nothing leaves until the application or you agree."),
    "prefer-local": (
        "This device first",
        "Answers here where it is sure; the rest leaves, redacted.",
    ),
    "prefer-cloud": (
        "The cloud first",
        "Asks the cloud, redacted; answers here when that cannot be reached.",
    ),
}

WHYS: Mapping[str, str] = {
    "local_only": "nothing may leave",
    "policy_must_stay": "policy keeps it here",
    "consent_needed": "nobody has agreed",
    "redaction_unavailable": "could not be redacted",
    "confident": "sure enough here",
    "link_down": "the cloud was away",
    "unsure": "not sure enough here",
    "passed": "the model said: not for me",
    "policy_must_go": "policy sends it out",
    "too_long": "too long for the model here",
    "no_local_model": "no model here",
    "invalid_draft": "the draft was not whole",
    "no_tools": "the model here only calls tools",
    "preferred": "the cloud is asked first",
    "audit": "a check of an answer kept here",
    "approval": "a person at the cloud is asked to allow a call",
    "metered": "the way out costs by the byte",
    "budget_spent": "the budget has ended",
    "known_to_fail": "the model here is known to fail at this",
    "energy_spent": "the energy for today is spent",
    "battery_low": "the battery is low",
    "hot": "this device is hot",
    "memory_low": "memory is short",
    "busy": "this device is busy",
    "link_flapping": "the link comes and goes",
    "captive_portal": "a login page hides the cloud",
    "cloud_slow": "the cloud is too slow for it",
    "shortened": "kept short",
    "injection": "reads as an attack",
    "nothing_can_answer": "nothing can answer it",
}

LINKS: Mapping[str, tuple[str, str]] = {
    "up": ("good", "can be reached"),
    "metered": ("care", "can be reached, by the byte"),
    "flapping": ("care", "comes and goes"),
    "down": ("bad", "cannot be reached"),
    "captive": ("bad", "is hidden behind a login page"),
    "refused": ("bad", "does not accept this device"),
    "none": ("off", "there is none"),
}

SPOOL: Mapping[str, str] = {
    "queued": "waiting to be sent",
    "sent": "on the way",
    "held": "with a person",
    "done": "answered",
    "dead": "given up",
}

STATES: Mapping[str, str] = {
    "degraded": "as good as it gets",
    "held": "a person decides",
    "queued": "waits for the cloud",
    "refused": "refused",
}

SIGNALS: Mapping[str, str] = {
    "local_model": "a model is loaded",
    "uplink": "there is a way out",
    "redactable": "could be redacted",
    "tools_offered": "offers tools",
    "prompt_tokens": "tokens of the request",
    "context_tokens": "tokens the model can hold",
    "local_speaks": "the model writes prose",
    "must_stay": "a rule keeps it here",
    "must_go": "a rule sends it out",
    "mode": "mode",
    "consent": "consent it needs",
    "consented": "somebody has agreed",
    "injection": "reads as an attack, 0 to 1",
    "refuse_injection_at": "refused as an attack from",
    "health": "state",
    "open": "a request may go out now",
    "metered": "costs by the byte",
    "metered_sends": "what may go out then",
    "metered_left": "bytes left of today's allowance",
    "expected_s": "seconds a reply should take",
    "left_s": "seconds the request has",
    "strain": "what the machine asks for",
    "sign": "on account of",
    "shorter_tokens": "tokens a short draft may have",
    "battery": "battery, 0 to 1",
    "on_mains": "on mains",
    "heat_c": "heat, in degrees",
    "memory_mb": "memory free, in MB",
    "pressure": "memory pressure",
    "queue": "requests inside",
    "cloud": "budget for the cloud that has ended",
    "local": "budget for drafts that has ended",
    "when_spent": "what happens then",
    "price": "expected price of asking",
    "joules": "expected joules of drafting",
    "day_money": "money spent today",
    "day_tokens": "tokens spent today",
    "day_joules": "joules spent today",
    "renews_s": "seconds until the day ends",
    "task": "kind",
    "seen": "outcomes known of it",
    "wrong_at_least": "surely wrong, at least",
    "known_to_fail": "known to fail",
    "keep_at": "kept from P(right)",
    "wrong_at_most": "wrong at most",
    "with_confidence": "with confidence",
    "must_escalate": "must be escalated, at least",
    "said": "in words",
    "call_p": "chance that it calls a tool",
    "first_entropy": "entropy of its first token",
    "first_margin": "margin of its first token",
    "tool_entropy": "entropy of the tool's name",
    "tool_margin": "margin of the tool's name",
    "pass_p": "chance that it says: not for me",
}

GROUPS: Mapping[str, str] = {
    "request": "The request and the rules",
    "link": "The link",
    "vitals": "This machine",
    "budget": "Money and energy",
    "task": "The kind of work",
    "promise": "The promise",
    "model": "What the model saw",
}

KINDS: Mapping[str, tuple[str, str]] = {
    "PERSON": ("name", "names"),
    "EMAIL_ADDRESS": ("e-mail address", "e-mail addresses"),
    "PHONE_NUMBER": ("phone number", "phone numbers"),
    "LOCATION": ("place", "places"),
    "STREET_ADDRESS": ("address", "addresses"),
    "CREDIT_CARD": ("card number", "card numbers"),
    "IBAN_CODE": ("account number", "account numbers"),
    "DATE_TIME": ("date", "dates"),
    "ORGANIZATION": ("organisation", "organisations"),
    "URL": ("link", "links"),
    "IP_ADDRESS": ("IP address", "IP addresses"),
    "NATIONAL_ID": ("national id", "national ids"),
    "API_KEY": ("API key", "API keys"),
    "PASSWORD": ("password", "passwords"),
    "USERNAME": ("user name", "user names"),
    "POSTAL_CODE": ("postal code", "postal codes"),
    "AGE": ("age", "ages"),
    "COORDINATES": ("position", "positions"),
    "LICENSE_PLATE": ("licence plate", "licence plates"),
    "PASSPORT": ("passport number", "passport numbers"),
    "MEDICAL_RECORD": ("medical record number", "medical record numbers"),
    "BANK_ACCOUNT": ("bank account", "bank accounts"),
    "TITLE": ("title", "titles"),
    "NRP": ("group of people", "groups of people"),
    "DOMAIN_NAME": ("domain", "domains"),
    "CUSTOM": ("own word", "own words"),
}


TASKS: Mapping[str, str] = {"calls": "calls of tools", "results": "what tools gave back", "prose": "prose"}

IMPOSSIBLE: Mapping[str, str] = {
    "too_many_wrong": "too many of the model's outcomes are wrong for this promise; all of it is escalated",
    "too_few_outcomes": "the model has too few outcomes for this promise; all of it is escalated",
    "no_outcomes": "the model has no outcomes of this kind, so nothing is promised of it and all of it is escalated",
    "no_calibration": "nobody has measured this model; all of it is escalated",
}


def line(key: str) -> str:
    """A line of the promise for people: `application:kitchen/calls` is "kitchen: calls of tools"."""
    scope, _, task = key.rpartition("/")
    said = TASKS.get(task, plain(task))
    return f"{scope.removeprefix('application:')}: {said}" if scope.startswith("application:") else said


def promise_state(sheet: Sheet) -> str:
    """How a line stands, in a word or two."""
    if not sheet.terms.holds:
        return "not possible"
    return {"keeping": "kept", "tightened": "alarm: tightened", "stopped": "alarm: stopped"}[sheet.state]


def promise_sign(sheet: Sheet) -> str:
    if not sheet.terms.holds:
        return "off"
    return {"keeping": "good", "tightened": "care", "stopped": "bad"}[sheet.state]


def impossible(sheet: Sheet) -> str:
    return IMPOSSIBLE.get(sheet.terms.support, plain(sheet.terms.support))


def why(word: str) -> str:
    return WHYS.get(word, plain(word))


def state(word: str, source: str) -> str:
    """What became of a request that was not simply answered."""
    if word == "degraded" and source == "nobody":
        return "no answer"
    return STATES.get(word, plain(word))


def reuse(tally: Tally) -> str:
    """How much reading was spared, as a sentence."""
    if not tally.served:
        return "Nothing has been asked yet."
    if not tally.reused:
        return (
            f"Each of {tally.prompt_tokens:,} prompt tokens was read: no request began as an earlier one had."
        )
    share = 100 * tally.reused / max(tally.prompt_tokens, 1)
    began = f"{tally.shared} of {tally.served} {'request' if tally.served == 1 else 'requests'}"
    return (
        f"Of {tally.prompt_tokens:,} prompt tokens, {tally.reused:,} ({share:.0f} %) did not have to be read: {began} began as an earlier one "
        f"had, or {'was' if tally.shared == 1 else 'were'} read ahead."
    )


def kind(label: str, count: int = 2) -> str:
    """A kind of private value, as so many of them are called."""
    one, many = KINDS.get(label, (plain(label.lower()), plain(label.lower())))
    return one if count == 1 else many


def signal(name: str) -> str:
    return SIGNALS.get(name, plain(name))


def plain(word: str) -> str:
    return word.replace("_", " ")


def size(count: int) -> str:
    """Bytes for people: 512 B, 3.4 KiB, 62 MiB."""
    if count < 1024:
        return f"{count} B"
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:.0f} {unit}"
    return f"{amount:.0f} PiB"


def ago(seconds: float) -> str:
    """An age for people: just now, 40 s, 5 min, 3 h, 2 d."""
    whole = int(max(seconds, 0))
    if whole < 5:
        return "just now"
    for bound, length, unit in ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h")):
        if whole < bound:
            return f"{whole // length} {unit} ago"
    return f"{whole // 86_400} d ago"


def marked(text: str) -> Markup:
    """Redacted text as HTML, its placeholders marked; everything else is escaped."""
    from markupsafe import Markup, escape

    return Markup(_PLACEHOLDER.sub(r'<mark class="ph">\g<0></mark>', str(escape(text))))  # noqa: S704  escaped


def commands(text: str) -> Markup:
    """A sentence as HTML, what stands between backquotes as code; everything else is escaped."""
    from markupsafe import Markup, escape

    return Markup(_COMMAND.sub(r"<code>\g<1></code>", str(escape(text))))  # noqa: S704  escaped


def took(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
