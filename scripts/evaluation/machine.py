"""What the figures were measured on, in one line: nothing that names a machine, only what explains a number."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "asimd")


def facts() -> dict[str, str | int]:
    """Processor, instruction sets that matter to the kernels, cores, load, versions."""
    cpu = _cpuinfo()
    flags = cpu.get("flags", cpu.get("Features", "")).split()
    return {
        "processor": cpu.get("model name", platform.machine()),
        "instructions": " ".join(flag for flag in FLAGS if flag in flags),
        "cores": os.cpu_count() or 1,
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "",
        "python": platform.python_version(),
        "llama-cpp-python": _version("llama-cpp-python"),
        "onnxruntime": _version("onnxruntime"),
    }


def line(found: Mapping[str, str | int]) -> str:
    """The facts as a sentence."""
    return (
        f"{found['processor']} ({found['instructions'] or 'no vector extensions known'}), {found['cores']} cores, "
        f"load {found['load'] or 'unknown'} at the start, one thread used; Python {found['python']}, "
        f"llama-cpp-python {found['llama-cpp-python']}, onnxruntime {found['onnxruntime']}"
    )


def _cpuinfo() -> dict[str, str]:
    """The first processor of /proc/cpuinfo; empty elsewhere."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text("utf-8").split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
