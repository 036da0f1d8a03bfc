"""A chat completion that runs this device's own tools: `"tidegate": {"tools": "device"}`. One run of the agent, told as a completion."""

from __future__ import annotations

from edge import conversation
from edge.agent import views
from edge.agent.run import Run, RunState, Step
from edge.agent.runner import Order
from edge.gateway.agent_rooms import AgentDesk, said
from edge.gateway.door import Caller, Door
from edge.gateway.render import Page
from edge.gateway.schema import ChatCall
from edge.ports import Answer, Source, State
from edge.routing.plan import Why
from tidegate.chat import JSON
from tidegate.errors import BadRequest
from tidegate.ids import new_request_id

_WORDS = {
    RunState.RUNNING: "The device is still at work on this.",
    RunState.WAITING_PERSON: "A tool of this device waits for somebody's approval.",
    RunState.WAITING_TICKET: "The answer comes later.",
    RunState.DONE: "",
    RunState.STOPPED: "The device could not finish this.",
}


async def answered(door: Door, desk: AgentDesk | None, call: ChatCall, caller: Caller) -> tuple[Page, Answer]:
    """Starts a run with every tool of the device, and tells what has come of it when it ends or waits for somebody.

    Raises BadRequest for own tools or several choices beside the device's, and what a run raises at its start.
    """
    if desk is None:
        raise BadRequest("this device has no agent", code="no_agent", param="tidegate", status=404)
    if call.prompt.tools or call.choices > 1 or call.more:
        raise BadRequest(
            "tidegate.tools: not together with tools of the application, nor with several choices",
            code="unsupported_parameter",
            param="tidegate",
        )
    who = caller.application
    run = await desk.agents.start(
        Order(
            application=who,
            conversation=conversation.identify(door.key, who, caller.named, call.prompt),
            said=said(call.prompt.messages),
            limits=desk.limits,
            keep_local=caller.keep_local,
            consented=caller.consented,
            max_tokens=call.prompt.max_tokens,
            trace=caller.trace.trace if caller.trace else None,
        )
    )
    run = await desk.agents.settled(run.id, who, desk.limits.seconds)
    found = told(run)
    page = Page(
        answers=((new_request_id(), found),),
        created=int(door.clock.now()),
        model=found.model or door.local_name() or call.model,
        usage_chunk=call.include_usage,
        conversation=run.conversation,
        trace=run.trace,
        agent=extension(run),
    )
    return page, found


def told(run: Run) -> Answer:
    """A run as an answer: its last words, or ours about where it stands. Pure."""
    last = next((one for one in reversed(run.events) if one.step is Step.ANSWERED), None)
    why = Why(last.reason) if last is not None else Why.NOTHING_CAN_ANSWER
    done = run.state is RunState.DONE
    return Answer(
        state=State.ANSWERED if done else State.DEGRADED,
        source=(run.source or Source.NOBODY) if done else Source.NOBODY,
        why=why,
        text=run.text if done else _WORDS[run.state],
    )


def extension(run: Run) -> dict[str, JSON]:
    """What the completion's `tidegate` object says about the run."""
    return {
        "run": run.id,
        "state": str(run.state),
        "why": str(run.why) if run.why is not None else None,
        "pending": views.pending(run),
        "steps": [views.event(one) for one in run.events if one.tool],
    }
