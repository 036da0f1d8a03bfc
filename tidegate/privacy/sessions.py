"""onnxruntime behind one small port: open a model with a provider, run it, time it. Loaded only when an encoder is."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from tidegate.clock import Clock
from tidegate.privacy.package import broken
from tidegate.privacy.providers import Machine, Provider

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Feed = dict[str, npt.NDArray[np.int64]]
    Result = list[npt.NDArray[np.float32]]

_WARM: Final = 2
_TIMED: Final = 7


class Session(Protocol):
    """A model that is open. `run` raises whatever its runtime raises."""

    def run(self, outputs: Sequence[str], feed: Feed) -> Result: ...


class Runtime(Protocol):
    """What can open a model, and with what."""

    def machine(self, threads: int) -> Machine:
        """Facts a race depends on. Raises Broken when there is no runtime."""
        ...

    def open(self, weights: Path, provider: Provider, threads: int) -> Session:
        """Raises Broken when the provider cannot open the model, or hands all of it to the CPU in silence."""
        ...


class OnnxRuntime:
    """The installed onnxruntime."""

    def machine(self, threads: int) -> Machine:
        try:
            import onnxruntime as ort
        except ImportError as error:
            raise broken("the name model needs onnxruntime, which is not installed") from error
        return Machine(
            processor=f"{platform.machine()} {_processor()}",
            cores=os.cpu_count() or 1,
            runtime=str(ort.__version__),
            reported=tuple(str(name) for name in ort.get_available_providers()),
            threads=threads,
        )

    def open(self, weights: Path, provider: Provider, threads: int) -> Session:
        """A session that holds little memory: no arena, no spinning threads. Both cost no time at one text per run."""
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        chain = [(str(provider), _options(provider, threads)), (str(Provider.CPU), {})]
        try:
            session = ort.InferenceSession(
                str(weights), options, providers=chain[-1:] if provider is Provider.CPU else chain
            )
            active = session.get_providers()
        except Exception as error:  # the runtime's own untyped errors end here
            raise broken(
                f"the name model cannot be opened by onnxruntime ({type(error).__name__})"
            ) from error
        if provider not in active:
            raise broken("the provider did not start")
        opened: Session = session
        return opened


def _options(provider: Provider, threads: int) -> dict[str, str]:
    match provider:
        case Provider.OPENVINO:
            return {"num_of_threads": str(threads)}
        case Provider.XNNPACK:
            return {"intra_op_num_threads": str(threads)}
        case Provider.QNN:
            return {"backend_type": "htp"}
        case _:
            return {}


def _processor() -> str:
    """The CPU's own name where Linux tells it, else what the platform says."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    facts = dict(line.split(":", 1) for line in lines[:40] if ":" in line)
    tidy = {name.strip(): value.strip() for name, value in facts.items()}
    named = " ".join(tidy.get(name, "") for name in ("model name", "cpu family", "model", "CPU part"))
    return named.strip() or platform.processor()


def best_ms(session: Session, outputs: Sequence[str], feed: Feed, clock: Clock) -> float:
    """Milliseconds of the fastest of seven passes. Raises Broken when one fails."""
    times = []
    for turn in range(_WARM + _TIMED):
        began = clock.mono()
        try:
            session.run(outputs, feed)
        except Exception as error:  # the runtime's own untyped errors end here
            raise broken("a pass failed") from error
        if turn >= _WARM:
            times.append(1000 * (clock.mono() - began))
    return min(times)
