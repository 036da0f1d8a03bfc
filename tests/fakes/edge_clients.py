"""Clients of a door that share its process: the real `openai` SDK, and plain HTTP."""

from __future__ import annotations

import httpx
import openai

from tests.fakes.edge_parts import OpenDoor


def http(door: OpenDoor, **headers: str) -> httpx.AsyncClient:
    """Knocks with the key that the door knows."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=door.app),
        base_url="http://localhost/v1",
        headers={"authorization": f"Bearer {door.api_key}", **headers},
    )


def sdk(door: OpenDoor) -> openai.AsyncOpenAI:
    """The `openai` SDK; it repeats nothing."""
    return openai.AsyncOpenAI(
        base_url="http://localhost/v1",
        api_key=door.api_key,
        max_retries=0,
        http_client=httpx.AsyncClient(transport=httpx.ASGITransport(app=door.app)),
    )
