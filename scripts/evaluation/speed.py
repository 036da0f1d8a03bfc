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
from pathlib import Path

import msgspec

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
    """Seconds, tokens a second (one figure per request), and megabytes (10^6 bytes)."""

    load_s: float
    before_mb: float
    peak_mb: float
    read: tuple[float, ...]
    write: tuple[float, ...]
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


async def measure(path: Path, prompts: list[Prompt]) -> Speed:
    """Loads the file, then times every prompt anew: first read and answered, then answered again from memory."""
    before, began = peak_mb(), time.perf_counter()
    engine = LlamaEngine.load(path, limits=EDGE_LIMITS)
    loaded = time.perf_counter() - began
    read, write, lengths = [], [], []
    gc.disable()  # a collection in one of two timings that are subtracted would be taken for reading
    for at, prompt in enumerate(prompts):
        began = time.process_time()
        draft = await engine.generate(prompt)
        first = time.process_time() - began
        again = []
        for _ in range(REPEATS):
            began = time.process_time()
            await engine.generate(prompt)
            again.append(time.process_time() - began)
        answering, fresh = min(again), draft.usage.prompt_tokens - draft.features["reused_tokens"]
        if at and first > answering and len(draft.tokens) > 1:  # the first request warms up
            read.append(fresh / (first - answering))
            write.append(len(draft.tokens) / answering)
            lengths.append(int(fresh))
    peak = peak_mb()
    await engine.close()
    return Speed(loaded, before, peak, tuple(read), tuple(write), tuple(lengths))


def main() -> None:
    """Prompts in, figures out."""
    requests = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Request, ...])
    found = asyncio.run(measure(Path(sys.argv[1]), [prompt_of(request) for request in requests]))
    print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
