"""Our error tree in OpenAI's shape. Nothing here repeats what a user wrote, and a defect shows only that it happened."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.ports import Answer, RejectReason, Source
from edge.routing.plan import SIGNS, Why
from tidegate.chat import JSON
from tidegate.errors import BadRequest, Broken, Exhausted, TidegateError, Unreachable, Untrusted
from tidegate.ids import ConsentId


@dataclass(frozen=True, slots=True)
class Problem:
    """An HTTP error, ready to be written."""

    status: int
    body: dict[str, JSON]
    headers: dict[str, str] = field(default_factory=dict)


def problem(error: Exception) -> Problem:
    """What the client gets for an error of ours; for anything else a 500 that tells nothing."""
    match error:
        case BadRequest():
            kind = "invalid_request_error" if error.status != 401 else "authentication_error"
            made = _made(error.status, str(error), kind, error.code, error.param)
            if error.code == "bad_http":
                made.headers["connection"] = "close"
            return made
        case Exhausted():
            kind = "rate_limit_error" if error.status == 429 else "server_error"
            made = _made(error.status, str(error), kind, error.code)
            made.headers["retry-after"] = str(error.retry_after_s)
            return made
        case Broken() | Unreachable():
            return _made(503, str(error), "server_error", error.code, retry=isinstance(error, Unreachable))
        case Untrusted():
            return _made(502, str(error), "server_error", error.code, retry=False)
        case TidegateError():
            return _made(
                500, "this device is set up wrongly; see `tidegate edge doctor`", "server_error", error.code
            )
        case _:
            return _made(
                500, "a defect of this daemon; the log says where", "server_error", "defect", retry=False
            )


_CONSENTS = "/v1/tidegate/consents/"
_SPARING = "this device answers nothing at the moment, {}, and the cloud cannot be asked instead"
_REFUSALS = {
    Why.INJECTION: (
        403,
        "permission_error",
        "content_policy",
        "this device's policy refuses the request: it reads as an attack",
    ),
    Why.CONSENT_NEEDED: (
        409,
        "permission_error",
        "consent_needed",
        (
            "this device asks somebody before such a request leaves: show what would leave (POST /v1/tidegate/preview), then send it "
            "again with the header x-tidegate-consent: true"
        ),
    ),
    Why.NOTHING_CAN_ANSWER: (
        503,
        "server_error",
        "nothing_can_answer",
        "nothing can answer this: it may not leave the device, and the device has no model for it",
    ),
    Why.BUDGET_SPENT: (
        429,
        "rate_limit_error",
        "budget_spent",
        "the budget for the cloud has ended, and this cannot be answered without it; `tidegate edge status` shows what was spent",
    ),
    Why.ENERGY_SPENT: (
        429,
        "rate_limit_error",
        "energy_spent",
        "the energy this device may spend on answers has ended, and nothing else can be asked",
    ),
    Why.BATTERY_LOW: (503, "server_error", "battery_low", _SPARING.format("its battery is nearly empty")),
    Why.HOT: (503, "server_error", "hot", _SPARING.format("it is too hot")),
    Why.MEMORY_LOW: (503, "server_error", "memory_low", _SPARING.format("it is short of memory")),
    Why.BUSY: (503, "server_error", "busy", _SPARING.format("too many answers are being written")),
}
_LATER_S = 60  # a machine under strain: a guess

_REJECTIONS = {
    RejectReason.NOT_REDACTED: "the cloud found private text in it and threw it away",
    RejectReason.INJECTION: "the cloud reads the request as an attack",
    RejectReason.TOO_LARGE: "it is too large for the cloud",
    RejectReason.MALFORMED: "the cloud could not read it",
    RejectReason.POLICY: "the operator's policy does not allow it",
    RejectReason.FAILED_CHECK: "no answer passed the checks",
    RejectReason.REVIEWER: "a reviewer declined it",
    RejectReason.UNKNOWN_TICKET: "the cloud no longer knows it",
    RejectReason.CONFLICT: "another request with the same key was answered before",
    RejectReason.EXPIRED: "no reviewer decided in time",
    RejectReason.WITHDRAWN: "this device took it back",
}


def rejection(reason: RejectReason) -> str:
    """Why the cloud gave no answer, as the end of a sentence."""
    return _REJECTIONS[reason]


def refusal(answer: Answer) -> Problem:
    """The error for a request that neither tier may answer."""
    if answer.source is Source.CLOUD and answer.reject is not None:
        words = f"not answered: {rejection(answer.reject)}"
        made = _made(403, words, "permission_error", "content_policy", retry=False)
        made.headers["x-tidegate-rejected"] = str(answer.reject)
        return made
    status, kind, code, words = _REFUSALS.get(answer.why, _REFUSALS[Why.NOTHING_CAN_ANSWER])
    if answer.consent is not None:
        return _where_to_agree(_made(status, _agree(answer.consent), kind, code, retry=False), answer.consent)
    made = _made(status, words, kind, code, retry=False)
    if answer.why in (Why.BUDGET_SPENT, Why.ENERGY_SPENT, *SIGNS.values()):
        made.headers["retry-after"] = str(_later(answer))
    return made


def _later(answer: Answer) -> int:
    """Seconds until it may be otherwise: a day's budget is renewed at midnight."""
    spent = answer.why in (Why.BUDGET_SPENT, Why.ENERGY_SPENT)
    if not spent or answer.decided is None:
        return _LATER_S
    return max(int(answer.decided.facts.world.budget.renews_s), 1)


def _agree(consent: ConsentId) -> str:
    return (
        f"this would leave the device, and nobody has agreed to that: see what would leave at GET {_CONSENTS}{consent} or on the "
        "status page (`tidegate edge status --open`); then agree there and send it again, or send it again with the header "
        f"x-tidegate-consent: {consent}; x-tidegate-local-only: true answers here, whatever the answer is worth"
    )


def _where_to_agree(made: Problem, consent: ConsentId) -> Problem:
    made.body["tidegate"] = {"consent": consent, "preview": _CONSENTS + consent}
    made.headers["x-tidegate-consent"] = consent
    return made


def _made(status: int, message: str, kind: str, code: str, param: str = "", *, retry: bool = True) -> Problem:
    body: dict[str, JSON] = {
        "error": {"message": message, "type": kind, "param": param or None, "code": code}
    }
    # OpenAI's clients repeat 5xx by themselves; this header of theirs says when that is of no use
    return Problem(status, body, {} if retry else {"x-should-retry": "false"})
