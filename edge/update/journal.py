"""The update's memory: one JSON file, replaced durably before any effect runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.update.machine import Generation, Update
from tidegate.errors import BadRequest, Broken
from tidegate.fs import write_durably
from tidegate.ids import DeviceId, ReleaseId, device_id, release_id
from tidegate.updates import Desired, Fault, UpdateState

SCHEMA = 1


class JournalStore(Protocol):
    """Keeps the newest bytes. `save` returns when they would survive a power cut; raises Exhausted without room."""

    def load(self) -> bytes | None: ...

    def save(self, content: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class FileJournal:
    path: Path

    def load(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def save(self, content: bytes) -> None:
        write_durably(self.path, content)


def encode(update: Update) -> bytes:
    waiting = update.waiting
    body = {
        "schema": SCHEMA,
        "running": _generation(update.running),
        "state": update.state,
        "revision": update.revision,
        "wanted": update.wanted,
        "candidate": _generation(update.candidate) if update.candidate is not None else None,
        "waiting": [waiting.device, waiting.revision, waiting.release] if waiting is not None else None,
        "tries_left": update.tries_left,
        "attempt": update.attempt,
        "fault": update.fault,
        "known_bad": list(update.known_bad),
        "event_id": update.event_id,
    }
    return json.dumps(body, sort_keys=True).encode()


def decode(content: bytes) -> Update:
    """Raises Broken (`update_journal_damaged`)."""
    try:
        body = json.loads(content)
        if body["schema"] != SCHEMA:
            raise ValueError("schema")
        candidate, waiting = body["candidate"], body["waiting"]
        return Update(
            running=_read_generation(body["running"]),
            state=UpdateState(body["state"]),
            revision=int(body["revision"]),
            wanted=release_id(body["wanted"]) if body["wanted"] is not None else None,
            candidate=_read_generation(candidate) if candidate is not None else None,
            waiting=_read_desired(waiting) if waiting is not None else None,
            tries_left=int(body["tries_left"]),
            attempt=int(body["attempt"]),
            fault=Fault(body["fault"]),
            known_bad=tuple(str(digest) for digest in body["known_bad"]),
            event_id=int(body["event_id"]),
        )
    except (ValueError, KeyError, TypeError, IndexError, BadRequest) as e:
        raise Broken(
            "the journal of model updates is damaged; the committed model keeps answering",
            code="update_journal_damaged",
        ) from e


def _generation(generation: Generation) -> list[str | int]:
    return [generation.release, generation.digest, generation.model_digest, generation.size]


def _read_generation(fields: list[object]) -> Generation:
    release, digest, model, size = fields
    return Generation(release_id(str(release)), str(digest), str(model), int(str(size)))


def _read_desired(fields: list[object]) -> Desired:
    device, revision, release = fields
    return Desired(_device(device), int(str(revision)), _release(release))


def _device(value: object) -> DeviceId:
    return device_id(str(value))


def _release(value: object) -> ReleaseId:
    return release_id(str(value))
