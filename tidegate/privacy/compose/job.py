"""What somebody is by trade, where it stands as a title of theirs: between a name and an employer, on its own line of a signature.

A job in a sentence (`he works as a nurse`) is no title and stays (decision 0031). With a capital, and ending in a word for a trade, it
is one without an employer beside it too: on the line below a name, `Ana Berg, the Office assistant`, `at Jones LLP as Office assistant`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.compose.base import Composer, Scene, added
from tidegate.privacy.spans import Label, Span

_TRADE = r"[A-Z][\w'’/&-]{2,24}(?:,? (?:of |and |for |in )?[\w'’/&()-]{2,24}){0,6}?"
_LINE = re.compile(rf" ?\r?\n[ \t]{{0,4}}({_TRADE})[ \t]*\r?\n")
_COMMAS = re.compile(rf",? \(?({_TRADE})(?:,| at| of| with| for|, at) ?$")
_VERB = re.compile(r"\b(?:is|was|are|has|have|will|had|can|says|said|and the|from|lives|who)\b")
_EMPLOYER = frozenset(
    {
        Label.ORGANIZATION,
        Label.PERSON,
        Label.STREET_ADDRESS,
        Label.PHONE_NUMBER,
        Label.EMAIL_ADDRESS,
        Label.LOCATION,
    }
)
_NEAR = 90  # characters a title may have
_GREETING = frozenset(
    "the dear hello hi best kind regards yours sincerely thanks thank please re subject attn from to ps".split()
)

_HEADS = (
    "manager engineer developer designer analyst consultant officer director assistant secretary technician operator repairer inspector supervisor coordinator specialist"
    " administrator accountant auditor nurse doctor surgeon physician therapist teacher lecturer professor tutor scientist researcher chemist physicist librarian journalist"
    " editor writer author translator interpreter artist musician actor actress dancer producer architect surveyor planner plumber carpenter welder mechanic driver pilot guard"
    " detective lawyer solicitor barrister paralegal clerk cashier receptionist waiter waitress chef cook baker butcher farmer gardener cleaner porter packager packer installer"
    " fitter machinist assembler aide attendant trainer coach recruiter buyer broker trader banker teller agent representative salesperson salesman saleswoman executive"
    " president chairman chairwoman partner founder owner intern trainee apprentice worker labourer laborer courier dispatcher pharmacist dentist midwife paramedic veterinarian"
    " counselor counsellor layer judge magistrate professor programmer tester administrator controller treasurer investigator firefighter policeman policewoman sergeant lieutenant"
).split()
_HEAD = rf"(?:(?:{'|'.join(_HEADS)})|[a-z]{{2,12}}(?:ologist|ographer|ician|onomist|therapist))"
_CALLED = rf"(?i:(?=[\w'’/& -]{{0,60}}?\b{_HEAD}(?![\w'’ -]))(?-i:[A-Z])[\w'’/&-]{{1,24}}(?: (?:of |and |for |in )?[\w'’/&-]{{2,24}}){{0,4}})"
_BREAK = r"(?:\r?\n|\\n)"  # as it is, or escaped as in JSON
_BELOW = re.compile(rf",? ?(?:{_BREAK}[ \t]{{0,4}}){{1,2}}({_CALLED})[ \t]*(?={_BREAK}|$)")
_BEHIND = re.compile(rf"(?:, (?:the |our |an? )?| ?\((?:the )?)({_CALLED})(?=[,.;)\n]|$)")
_AS = re.compile(rf" as (?:the |an? )?({_CALLED})(?=[,.;)\n]|$)")
_EMPLOYED = frozenset({Label.PERSON, Label.ORGANIZATION})


def compose(scene: Scene) -> Iterator[Span]:
    yield from _beside_an_employer(scene)
    for span in scene.of(*_EMPLOYED):
        person = span.label is Label.PERSON
        called = (
            person and (_BELOW.match(scene.text, span.end) or _BEHIND.match(scene.text, span.end))
        ) or _AS.match(scene.text, span.end)
        if called and scene.free(*called.span(1)) and not _VERB.search(called[1]):
            yield added("job", *called.span(1), Label.TITLE, 0.5)


def _beside_an_employer(scene: Scene) -> Iterator[Span]:
    for name, other in scene.neighbours():
        if (
            name.label is not Label.PERSON
            or other.label not in _EMPLOYER
            or not 4 < other.start - name.end < _NEAR
        ):
            continue
        between = scene.between(name, other)
        line = _LINE.fullmatch(between)
        title = line or (
            _COMMAS.fullmatch(between)
            if between[:1] == "," or (between[:2] == " (" and other.label is Label.ORGANIZATION)
            else None
        )
        if title is None or _VERB.search(title[1]) or title[1].split()[0].lower().rstrip(",") in _GREETING:
            continue
        yield added("job", name.end + title.start(1), name.end + title.end(1), Label.TITLE, 0.5)


JOB = Composer("job", _EMPLOYED, compose)
