"""Standard input, output and error of a command: there from the start, and no defect when the other end goes away.

A command whose standard output is closed must not get the number 1 for a file that it opens: whatever is printed would go into it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys

# What an operating system says when a file or a disk is not as a command needs it: nobody's defect.
_TOLD = frozenset(
    getattr(errno, name)
    for name in (
        "EACCES", "EPERM", "ENOENT", "EISDIR", "ENOTDIR", "ENOTEMPTY", "EEXIST", "ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO", "EMFILE",
        "ENFILE", "ELOOP", "ENAMETOOLONG", "EXDEV", "EBUSY", "ETXTBSY", "ENXIO", "ENODEV",
    )
    if hasattr(errno, name)
)  # fmt: skip


def hold() -> None:
    """Opens what of the three is closed on the null device."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  lives as long as we


def hush() -> None:
    """Nobody reads on: what is still to be written goes nowhere, and ends without a word."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(null, stream.fileno())
    os.close(null)


def told(error: OSError) -> str | None:
    """What to say about a file or a disk that is not as it should be; None for anything else."""
    if error.errno is None or error.errno not in _TOLD:
        return None
    about = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return f"{about}{os.strerror(error.errno)}"
