"""The demo's application: the real `openai` client against the door, keeping the headers that tell what happened."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from tidegate.chat import JSON
from tidegate.errors import Broken

if TYPE_CHECKING:
    from openai import OpenAI


@dataclass(frozen=True, slots=True)
class Heard:
    """One completion as an application sees it, with Tidegate's headers. `latency_ms` is measured at the client."""

    text: str
    calls: tuple[tuple[str, dict[str, JSON]], ...]
    source: str
    why: str
    state: str
    confidence: str
    ticket: str
    conversation: str
    trace: str
    latency_ms: float
    citations: int = 0  # how many passages the answer cites
    late: bool = False  # an earlier answer of this conversation came along


@dataclass
class Door:
    """A device's door, by URL and key."""

    url: str
    key: str

    def openai(self) -> OpenAI:
        try:
            from openai import OpenAI
        except ImportError as error:
            raise Broken(
                "the demo uses the `openai` package as its client",
                code="demo_client",
                hint="run scripts/setup",
            ) from error
        return OpenAI(base_url=self.url, api_key=self.key, max_retries=0, timeout=60.0)

    def ask(
        self,
        text: str,
        *,
        tools: Sequence[dict[str, JSON]] = (),
        conversation: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Heard:
        """One chat completion. Raises the client's own errors."""
        headers = {**(headers or {}), **({"x-tidegate-conversation": conversation} if conversation else {})}
        body: dict[str, JSON] = {"tools": list(tools)} if tools else {}
        started = time.perf_counter()
        raw = self.openai().chat.completions.with_raw_response.create(
            model="tidegate",
            messages=[{"role": "user", "content": text}],
            extra_headers=headers,
            extra_body=body,
        )
        took = (time.perf_counter() - started) * 1000
        completion = raw.parse()
        message = completion.choices[0].message
        extra = (completion.model_extra or {}).get("tidegate")
        told = extra if isinstance(extra, dict) else {}
        calls = tuple(
            (call.function.name, _arguments(call.function.arguments))
            for call in message.tool_calls or ()
            if call.type == "function"
        )
        found = raw.headers
        return Heard(
            text=message.content or "",
            calls=calls,
            source=found.get("x-tidegate-source", "?"),
            why=found.get("x-tidegate-decision", "?"),
            state=found.get("x-tidegate-state", "?"),
            confidence=found.get("x-tidegate-confidence", ""),
            ticket=found.get("x-tidegate-ticket", ""),
            conversation=found.get("x-tidegate-conversation", ""),
            trace=found.get("x-tidegate-trace", ""),
            latency_ms=took,
            citations=len(told.get("citations") or ()),
            late=bool(told.get("late")),
        )

    def get(self, path: str, *, wait_s: float = 35.0) -> dict[str, JSON]:
        """A Tidegate endpoint below /v1/tidegate/. Raises Broken on any status but 200."""
        return self._read(
            path, httpx.get(f"{self.url}/tidegate/{path}", headers=self._auth(), timeout=wait_s)
        )

    def post(
        self, path: str, body: dict[str, JSON], headers: Mapping[str, str] | None = None
    ) -> dict[str, JSON]:
        """The same for a body."""
        sent = {**self._auth(), **(headers or {})}
        return self._read(
            path, httpx.post(f"{self.url}/tidegate/{path}", json=body, headers=sent, timeout=35)
        )

    def _auth(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    def _read(self, path: str, reply: httpx.Response) -> dict[str, JSON]:
        if reply.status_code != 200:
            raise Broken(f"{path.partition('?')[0]} answered {reply.status_code}", code="demo_door")
        found = reply.json()
        return found if isinstance(found, dict) else {"items": found}


def _arguments(text: str) -> dict[str, JSON]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
