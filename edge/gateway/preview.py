"""What would happen, without doing it: the plan of a request, and the exact bytes that would leave."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import assert_never

from edge.economy import told as left_out
from edge.facts import look
from edge.foresight import foretell, told, told_promise, told_signals
from edge.gateway.door import Caller, Door, understand
from edge.gateway.schema import ChatCall
from edge.memory.desk import recall
from edge.ports import Escalation, House, Request
from edge.routing.plan import Consent, EscalateNow, Plan, Refuse, StayLocal, TryLocal, Why, plan
from edge.routing.reasons import reasons
from edge.shortening import economised
from edge.shown import entities, shown
from edge.turn import escalation
from tidegate.chat import JSON


async def planned(door: Door, call: ChatCall, caller: Caller) -> dict[str, JSON]:
    """The decision, its reasons, and the likely outcome where a draft would be tried. Nothing is written or sent."""
    house = door.house()
    request, before = await _placed(door, call, caller, house)
    redacted, known = await look(request, house)
    decision, why = _told(plan(known))
    seen = await foretell(
        request.prompt,
        known,
        house.local,
        usual=house.policy.keep_at,
        stands=door.stands(request.application),
    )
    return {
        "object": "tidegate.plan",
        "decision": decision,
        "why": [why],
        "reasons": list(
            reasons(why, known.world, waits=decision == "escalate", drafted=decision != "escalate")
        ),
        "foreseen": told(seen),
        **told_signals(seen),
        "local_model": known.local_model,
        "uplink": known.uplink,
        "prompt_tokens": known.prompt_tokens,
        "context_tokens": known.context_tokens,
        "promise": told_promise(seen),
        "policy_version": house.policy.version,
        "recalled": before,
        "left_out": None if request.economy is None else left_out(request.economy),
        "entities": entities(redacted),
    }


async def previewed(door: Door, call: ChatCall, caller: Caller) -> dict[str, JSON]:
    """The redacted prompt and the very bytes an escalation of it would put on the wire, once the consent it needs is given.

    The request id is in the bytes: they are those of the request that follows when both carry the same Idempotency-Key
    and the conversation learnt nothing new in between. `why` is a guess only where a draft is tried first.
    """
    house = door.house()
    request, before = await _placed(door, call, caller, house)
    redacted, known = await look(request, house)
    decision, why = _told(plan(replace(known, consented=True)))  # a preview is what somebody agrees to
    agreed = known.consented or (known.consent is Consent.ALWAYS and not known.asks)
    found: dict[str, JSON] = {
        "object": "tidegate.preview",
        "decision": decision,
        "why": _assumed(why),
        "mode": known.mode,
        "asks": known.asks,
        "consent": known.consent,
        "would_leave": decision == "escalate" and agreed,
        "may_leave": decision in ("escalate", "try_local") and redacted is not None,
        "policy_version": house.policy.version,
        "recalled": before,
        "left_out": None if request.economy is None else left_out(request.economy),
        **shown(redacted),
        "wire": None,
    }
    if redacted is not None and door.encode is not None and decision in ("escalate", "try_local"):
        found["wire"] = _wire(door, escalation(request, redacted, _assumed(why), house))
    return found


async def _placed(door: Door, call: ChatCall, caller: Caller, house: House) -> tuple[Request, int]:
    """The request as its turn would read it, remembered turns before it and made short, and how many messages were recalled.

    Raises BadRequest as the turn would: no such model, nothing remembered of that name.
    """
    known = await recall(door.memory, understand(door, call, caller), call.thread, named=bool(caller.named))
    recalled = len(known.requests[0].prompt.messages) - len(call.prompt.messages)
    return await economised(known.requests[0], house), max(recalled, 0)


def _wire(door: Door, what: Escalation) -> JSON:
    raw = door.encode(what) if door.encode is not None else b""
    return {
        "bytes": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "base64": base64.b64encode(raw).decode(),
    }


def _assumed(why: Why) -> Why:
    """A draft that is tried here leaves when it is not good enough."""
    return Why.UNSURE if why is Why.CONFIDENT else why


def _told(decided: Plan) -> tuple[str, Why]:
    match decided:
        case StayLocal(why):
            return "local", why
        case TryLocal():
            return "try_local", Why.CONFIDENT
        case EscalateNow(why):
            return "escalate", why
        case Refuse(why):
            return "refuse", why
        case other:
            assert_never(other)
