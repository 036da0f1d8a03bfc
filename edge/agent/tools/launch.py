"""Runs as a script of its own, before a tool's program takes its place: limits that no later program can lift.

    python -I -S launch.py MEMORY_MB CPU_S PARENT -- PROGRAM [ARGUMENT ...]

Nothing of Tidegate is imported here: it starts in milliseconds. Exit code 126: the program could not be started.
"""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_FILE_BYTES = 64 * 1024 * 1024
_OPEN_FILES = 256


def main(words: list[str]) -> int:
    """Sets the limits and becomes the program."""
    memory_mb, cpu_s, parent, _, *vector = words
    limits = (
        (resource.RLIMIT_AS, int(memory_mb) * 1024 * 1024),
        (resource.RLIMIT_CPU, int(cpu_s)),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    )
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # a killed daemon leaves no tool running
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if os.getppid() != int(parent):
            return 126  # the daemon went before it could be noticed
    for which, most in limits:
        _, hard = resource.getrlimit(which)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (allowed, allowed))
    try:
        os.execvp(vector[0], vector)  # noqa: S606  a vector, and that is the point
    except OSError as error:
        print(f"cannot be started: {error.strerror}", file=sys.stderr)
    return 126


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
