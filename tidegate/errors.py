"""The error tree, cut by what the caller can do.

TidegateError
 +-- BadRequest      the caller's input is wrong: tell the caller, never retry   (HTTP 400, or `status`)
 +-- BadConfig       a settings file, variable or flag is wrong: fix it and start again
 +-- Unreachable     the other side did not answer: retry later, or degrade
 +-- Untrusted       proof failed (signature, certificate, checksum, foreign placeholder): never retry, raise an alarm
 +-- Exhausted       a limit of this machine is reached (disk, queue, memory): free room, then retry  (HTTP 503 / 429)
 +-- Broken          a part of this installation cannot do its work: fail closed, see `tidegate edge doctor`

Messages are for people: what happened, what state things are in, what to do next. They never hold user text or secrets.
"""

from __future__ import annotations


class TidegateError(Exception):
    """Base of all errors raised on purpose. `code` is a stable snake_case word for programs; the message is for people."""

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class BadRequest(TidegateError):
    """The caller's input is wrong. `param` names the field (OpenAI's `error.param`), `status` the HTTP status."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "invalid_request",
        param: str = "",
        status: int = 400,
        hint: str = "",
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.param = param
        self.status = status


class BadConfig(TidegateError):
    """A setting is wrong. The message names the file (or variable), the key and the reason."""

    def __init__(self, message: str, *, code: str = "bad_config", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)


class Unreachable(TidegateError):
    """The other side did not answer in time or not at all. Safe to retry with the same idempotency key."""

    def __init__(self, message: str, *, code: str = "unreachable", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)


class Untrusted(TidegateError):
    """A proof failed. Never retried; logged once with its closed `code`."""

    def __init__(self, message: str, *, code: str = "untrusted", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)


class Exhausted(TidegateError):
    """A limit of this machine is reached. `retry_after_s` is a suggestion in seconds; `status` 503 or 429."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "exhausted",
        status: int = 503,
        retry_after_s: int = 5,
        hint: str = "",
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status
        self.retry_after_s = retry_after_s


class Broken(TidegateError):
    """A part of this installation cannot do its work (missing model, failed self-test). Fail closed."""

    def __init__(self, message: str, *, code: str = "broken", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
