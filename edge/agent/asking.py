"""The model step of a run: ask the turn, and make ready what it proposes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from edge.agent.machine import Failed, Happening, Replied, Ticketed
from edge.agent.prepare import prepared, prompt
from edge.agent.run import Run, Stop
from edge.agent.values import Tool
from edge.agent.workshop import Workshop
from edge.economy import told
from edge.ports import Answer, LateAnswer, LateState, Request, Source, State
from tidegate.errors import BadRequest, TidegateError


async def ask(run: Run, shop: Workshop) -> Happening:
    """What the turn answers to the conversation so far. What it raises becomes an event."""
    tools = await shop.toolbox.tools()
    offered = [tools[name] for name in run.tools if name in tools]
    request = Request(
        prompt=prompt(tuple(one.message for one in run.said), offered, run.max_tokens),
        request_id=shop.repeatable_id(run.application, f"{run.id} step", run.steps),
        conversation=run.conversation,
        trace=run.trace,
        application=run.application,
        deadline_s=shop.deadline_s,
        keep_local=run.keep_local or run.escalations >= run.limits.escalations,
        consented=run.consented,
        budget_tokens=run.limits.budget_tokens,
    )
    began = shop.clock.mono()
    try:
        async with asyncio.timeout(max(0.1, run.limits.seconds - run.active_s)):
            answer = await shop.model.answer(request)
    except TimeoutError:
        return Failed(Stop.TIME, "the model step")
    except BadRequest as error:
        return Failed(Stop.TOO_LONG if error.code == "context_length_exceeded" else Stop.FAULT, error.code)
    except TidegateError as error:
        return Failed(Stop.FAULT, error.code)
    return happening(answer, run, tools, shop.clock.mono() - began, _left_out(answer))


def happening(answer: Answer, run: Run, tools: Mapping[str, Tool], took_s: float, trimmed: str) -> Happening:
    """The event that an answer is. A draft the device was not sure of is used, and marked, while the cloud is away."""
    waits = answer.state in (State.HELD, State.QUEUED)
    if waits and answer.ticket is not None:
        return Ticketed(answer.ticket, str(answer.state), took_s)
    sure = answer.state is State.ANSWERED
    calls, raw = prepared(answer.tool_calls, run, tools, source=answer.source, sure=sure)
    return Replied(
        text=answer.text,
        calls=calls,
        raw_calls=raw,
        source=answer.source,
        why=str(answer.why),
        tokens=answer.usage.prompt_tokens + answer.usage.completion_tokens,
        refused=answer.state is State.REFUSED,
        took_s=took_s,
        trimmed=trimmed,
    )


def late(found: LateAnswer, run: Run, tools: Mapping[str, Tool]) -> Happening:
    """The same for an answer that came later."""
    match found.state:
        case LateState.ANSWERED:
            calls, raw = prepared(found.tool_calls, run, tools, source=Source.CLOUD, sure=True)
            tokens = found.usage.prompt_tokens + found.usage.completion_tokens
            return Replied(found.text, calls, raw, Source.CLOUD, str(found.why), tokens)
        case LateState.REFUSED:
            return Failed(Stop.REFUSED, str(found.reject or "refused"))
        case LateState.UNTRUSTED:
            return Failed(Stop.FAULT, "reply_untrusted")
        case LateState.EXPIRED | LateState.WAITING | LateState.HELD:
            return Failed(Stop.NO_ANSWER, "nobody answered in time")


def _left_out(answer: Answer) -> str:
    """What of a long conversation was left out before it was priced."""
    economy = answer.decided.economy if answer.decided is not None else None
    return "" if economy is None else told(economy)
