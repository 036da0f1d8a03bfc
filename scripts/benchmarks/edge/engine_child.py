"""The engine through its public port, in a process of its own: a line of JSON for each line of JSON.

It reads the same chat bodies as the door and as llama.cpp's server; times are taken around `generate`, on the caller's side.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from edge.gateway.schema import parse_chat
from tidegate.chat import JSON, Prompt
from tidegate.engines.embedded import EDGE_LIMITS
from tidegate.engines.llama import Limits, LlamaEngine


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """`run`: the bodies, all at once when `together`, else one after another."""

    op: str
    path: str = ""
    threads: int = 1
    context: int = 2048
    slots: int = 1
    bodies: tuple[msgspec.Raw, ...] = ()
    together: bool = False
    texts: tuple[str, ...] = ()
    encoder: str = ""


def limits(ask: Ask) -> Limits:
    """Those of a device, but for what both sides of a comparison are told."""
    return replace(EDGE_LIMITS, context_tokens=ask.context, threads=ask.threads, slots=ask.slots)


async def run(engine: LlamaEngine, ask: Ask) -> JSON:
    prompts = [parse_chat(bytes(body)).prompt for body in ask.bodies]
    began = time.perf_counter()
    if ask.together:
        done = list(await asyncio.gather(*(_one(engine, prompt) for prompt in prompts)))
    else:
        done = [await _one(engine, prompt) for prompt in prompts]
    return {"seconds": time.perf_counter() - began, "answers": list(done)}


async def _one(engine: LlamaEngine, prompt: Prompt) -> JSON:
    began = time.perf_counter()
    draft = await engine.generate(prompt)
    return {
        "seconds": time.perf_counter() - began,
        "prompt_tokens": draft.usage.prompt_tokens,
        "completion_tokens": draft.usage.completion_tokens,
        "reused": draft.features.get("reused_tokens", 0.0),
    }


def scan(ask: Ask) -> JSON:
    """Seconds of the name model's pass over each text, as the daemon with the full encoder runs it."""
    from tidegate.privacy.encoder import Encoder

    encoder = Encoder.load(Path(ask.encoder))
    took: list[JSON] = []
    for text in ask.texts:
        began = time.perf_counter()
        encoder.scan(text)
        took.append(time.perf_counter() - began)
    return took


async def main() -> None:
    engine: LlamaEngine | None = None
    for line in sys.stdin:
        ask = msgspec.json.decode(line, type=Ask)
        found: JSON
        match ask.op:
            case "load":
                engine = await asyncio.to_thread(LlamaEngine.load, Path(ask.path), limits=limits(ask))
                found = engine.digest
            case "scan":
                found = scan(ask)
            case "run" if engine is not None:
                found = await run(engine, ask)
            case _:
                found = None
        print(json.dumps({"ok": found}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
