"""Speed and memory of one model file, measured in a process of its own so that nothing else is counted.

    python -m scripts.evaluation.speed FILE < prompts.json

Reads prompts as JSON, runs them with the device's limits on one thread, prints what it saw as JSON. Times are CPU time
of the process: on one thread this is what a quiet core would take, whatever else the machine does meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from scripts.evaluation.unruled import UnruledEngine
from tidegate.chat import Message, Prompt, Role, Tool
from tidegate.engines.embedded import EDGE_LIMITS
from tidegate.engines.llama import LlamaEngine

REPEATS = 3


class Offer(msgspec.Struct, frozen=True):
    """A tool: its name and its JSON schema as text."""

    name: str
    parameters: str


class Request(msgspec.Struct, frozen=True):
    """A request with the tools offered."""

    text: str
    tools: tuple[Offer, ...]


class Speed(msgspec.Struct, frozen=True):
    """Seconds, tokens a second (one figure per request), and megabytes (10^6 bytes). `write_unruled`: the same engine without
    its rules for calls."""

    load_s: float
    before_mb: float
    peak_mb: float
    read: tuple[float, ...]
    write: tuple[float, ...]
    write_unruled: tuple[float, ...]
    prompt_tokens: tuple[int, ...]


def prompt_of(request: Request) -> Prompt:
    """The request as the door hands it over."""
    tools = tuple(Tool(offer.name, "", offer.parameters) for offer in request.tools)
    return Prompt((Message(Role.USER, request.text),), tools, max_tokens=160)


def peak_mb() -> float:
    """The most memory this process has had resident. Elsewhere than on Linux as `getrusage` tells it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e6


@dataclass(frozen=True, slots=True)
class Timed:
    """One request: tokens of the prompt that had to be read, tokens written, seconds of CPU for each."""

    fresh: int
    written: int
    reading: float
    writing: float


async def timed(engine: LlamaEngine, prompt: Prompt) -> Timed:
    """Answers twice and more: first the prompt is read and answered, then answered again with the prompt in memory."""
    began = time.process_time()
    draft = await engine.generate(prompt)
    first = time.process_time() - began
    again = []
    for _ in range(REPEATS):
        began = time.process_time()
        await engine.generate(prompt)
        again.append(time.process_time() - began)
    fresh = draft.usage.prompt_tokens - int(draft.features["reused_tokens"])
    return Timed(fresh, len(draft.tokens), first - min(again), min(again))


async def measure(path: Path, prompts: list[Prompt]) -> Speed:
    """Loads the file and times every prompt; the first one warms up and does not count."""
    gc.disable()  # a collection in one of two timings that are subtracted would be taken for reading
    before, began = peak_mb(), time.perf_counter()
    engine = LlamaEngine.load(path, limits=EDGE_LIMITS)
    loaded = time.perf_counter() - began
    ruled = [await timed(engine, prompt) for prompt in prompts][1:]
    peak = peak_mb()
    await engine.close()
    unruled = UnruledEngine.load(path, limits=EDGE_LIMITS)
    free = [await timed(unruled, prompt) for prompt in prompts][1:]
    await unruled.close()
    return Speed(
        load_s=loaded,
        before_mb=before,
        peak_mb=peak,
        read=tuple(t.fresh / t.reading for t in ruled if t.reading > 0),
        write=tuple(t.written / t.writing for t in ruled if t.written > 1),
        write_unruled=tuple(t.written / t.writing for t in free if t.written > 1),
        prompt_tokens=tuple(t.fresh for t in ruled),
    )


def main() -> None:
    """Prompts in, figures out."""
    requests = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Request, ...])
    found = asyncio.run(measure(Path(sys.argv[1]), [prompt_of(request) for request in requests]))
    print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
