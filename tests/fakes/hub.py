"""A real HTTP server that speaks the hub's protocol on loopback: model info, resolve with its headers, a redirect to another
server for large files, ranges; and servers' bad habits, on request."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

COMMIT = "5c1d" * 10
_RANGE = re.compile(r"bytes=(\d+)-")


@dataclass
class Faults:
    """What goes wrong. Counts are used up one by one."""

    cut_after: list[int] = field(default_factory=list)  # bytes of a body after which the connection ends
    busy: int = 0  # answers of 503 before the first good one
    ignore_ranges: bool = False
    gated: bool = False
    send: bytes | None = None  # other content than was promised
    hide_length: bool = False
    down: bool = False  # 503 for good
    babble: bool = False  # no JSON where JSON is due


@dataclass
class Repo:
    """A repository: files by path."""

    files: dict[str, bytes]
    card: dict[str, object] = field(default_factory=lambda: {"license": "apache-2.0"})
    architecture: str = "llama"


@dataclass
class Hub:
    """What the two servers hold, and what they were asked."""

    repos: dict[str, Repo] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    store_url: str = ""

    def asked(self, start: str) -> list[dict[str, str]]:
        """Headers of the requests whose path begins so."""
        return [headers for _, path, headers in self.requests if path.startswith(start)]

    def blob(self, sha256: str) -> bytes | None:
        for repo in self.repos.values():
            for content in repo.files.values():
                if hashlib.sha256(content).hexdigest() == sha256:
                    return content
        return None


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@contextmanager
def running() -> Iterator[Hub]:
    """Two servers: the hub, and the store that large files are sent on to."""
    hub = Hub()

    class HubHandler(_Handler):
        world: ClassVar[Hub] = hub

        def answer(self, *, body: bool) -> None:
            _hub_answer(self, hub, body=body)

    class StoreHandler(_Handler):
        world: ClassVar[Hub] = hub

        def answer(self, *, body: bool) -> None:
            content = hub.blob(self.path.rpartition("/")[2])
            if content is None:
                self.fail(404)
            else:
                self.file(content, hub.faults, body=body)

    with _served(HubHandler) as hub.url, _served(StoreHandler) as hub.store_url:
        yield hub


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _hub_answer(handler: _Handler, hub: Hub, *, body: bool) -> None:
    path = handler.path.partition("?")[0]
    if hub.faults.down:
        return handler.fail(503)
    info = re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path)
    file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
    found = info or file
    repo = hub.repos.get(found[1]) if found else None
    if found is None or repo is None:
        return handler.fail(401, {"X-Error-Code": "RepoNotFound"})
    if found[2] not in {"main", COMMIT}:
        return handler.fail(404, {"X-Error-Code": "RevisionNotFound"})
    if info:
        return handler.document(
            b"<html>" if hub.faults.babble else json.dumps(_info(info[1], repo, hub)).encode()
        )
    if hub.faults.gated and handler.headers.get("Authorization") != "Bearer hf_member":
        return handler.fail(401, {"X-Error-Code": "GatedRepo"})
    assert file is not None
    content = repo.files.get(file[3])
    if content is None:
        return handler.fail(404, {"X-Error-Code": "EntryNotFound"})
    if not file[3].endswith(".gguf"):
        return handler.file(content, hub.faults, body=body)
    sha256 = hashlib.sha256(content).hexdigest()
    return handler.head(
        302,
        {
            "Location": f"{hub.store_url}/blobs/{sha256}",
            "X-Repo-Commit": COMMIT,
            "X-Linked-Etag": f'"{sha256}"',
            "X-Linked-Size": str(len(content)),
            "Content-Length": "0",
        },
    )


def _info(name: str, repo: Repo, hub: Hub) -> dict[str, object]:
    siblings: list[dict[str, object]] = []
    for path, content in repo.files.items():
        entry: dict[str, object] = {"rfilename": path, "size": len(content), "blobId": git_blob(content)}
        if path.endswith(".gguf"):
            sha256 = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
        siblings.append(entry)
    return {
        "id": name,
        "sha": COMMIT,
        "private": False,
        "gated": "auto" if hub.faults.gated else False,
        "tags": [],
        "cardData": repo.card,
        "gguf": {"architecture": repo.architecture},
        "siblings": siblings,
    }


class _Handler(BaseHTTPRequestHandler):
    """What both servers can do."""

    world: ClassVar[Hub]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._note()
        self.answer(body=True)

    def do_HEAD(self) -> None:
        self._note()
        self.answer(body=False)

    def answer(self, *, body: bool) -> None:
        raise AssertionError("a server says what it answers")

    def file(self, content: bytes, faults: Faults, *, body: bool) -> None:
        """A file, from the byte that was asked for; with one of its faults, if there are any."""
        if faults.busy:
            faults.busy -= 1
            return self.fail(503)
        content = faults.send if faults.send is not None else content
        tag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        fits = self.headers.get("If-Range", tag) == tag
        start = int(asked[1]) if asked and fits and not faults.ignore_ranges else 0
        if start and start >= len(content):
            return self.fail(416, {"Content-Range": f"bytes */{len(content)}"})
        headers = {"ETag": tag, "Content-Length": str(len(content) - start)}
        if faults.hide_length:
            del headers["Content-Length"]
            headers["Connection"] = "close"
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.head(206 if start else 200, headers)
        if body:
            rest = content[start:]
            cut = faults.cut_after.pop(0) if faults.cut_after else len(rest)
            self.wfile.write(rest[:cut])
            self.close_connection = cut < len(rest) or faults.hide_length
        return None

    def document(self, content: bytes) -> None:
        self.head(200, {"Content-Type": "application/json", "Content-Length": str(len(content))})
        self.wfile.write(content)

    def fail(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.head(status, {"Content-Length": "0", **(headers or {})})

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _note(self) -> None:
        self.world.requests.append(
            (self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        )

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""
