"""Domain names under well-known top-level domains, `www.` hosts, and addresses without a scheme (`example.org/path`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.url import REST, trimmed
from tidegate.privacy.spans import Label, Span

_HOST = re.compile(r"[A-Za-z0-9](?:[\w-]{0,62}\.){1,6}[A-Za-z]{2,14}(?![\w-])")
# Endings of file names and of code (py, md, sh, rs, so, js) are left out on purpose: `README.md` is no domain.
_TOP = frozenset(
    "com org net edu gov mil int info biz eu de fr nl uk be at ch it es pt pl cz se dk fi ie us ca au nz jp cn br mx ru "
    "local lan internal corp intranet localdomain in io ai dev app cloud shop online tech bank lu gr hu ro bg hr sk si lt lv ee is li tr za il ae kr tw hk sg".split()
)


# Endings that are words of code and prose too (`self.at`, `op.int`): then something must say that this is an address.
_WORDY = frozenset(
    "at int is in it be us no info name io me to so tech cloud app dev local lan internal corp intranet".split()
) - {
    "io",
    "dev",
    "app",
}
_SITE_WORDS = (
    "site",
    "domain",
    "visit",
    "web",
    "host",
    "http",
    "www",
    "server",
    "go to",
    "see",
    "on ",
    "auf ",
    "unter ",
    "seite",
    "dns",
    "ping",
    "ssh",
    "node",
    "url",
    "@",
)


# Endings that only networks of one house have.
_WITHIN = frozenset("local lan internal corp intranet localdomain".split())
_FRAMEWORKS = frozenset("asp.net vb.net ado.net ml.net socket.io".split())


def find(document: Document) -> Iterator[Span]:
    """Hosts, seen from a dot with a letter or digit on both sides."""
    text = document.text
    dot = text.find(".")
    while dot >= 0:
        past = dot + 1
        if 0 < dot < len(text) - 1 and text[dot - 1].isalnum() and text[past].isalnum():
            start = _host_start(text, dot)
            match = _HOST.match(text, start)
            if match is not None and match.end() > dot:
                past = match.end()
                found = _host(document, start, past)
                if found is not None:
                    past = found.end
                    yield found
        dot = text.find(".", past)


def _host_start(text: str, dot: int) -> int:
    start = dot
    while start > max(0, dot - 63) and (text[start - 1].isalnum() or text[start - 1] in "-_"):
        start -= 1
    while start < dot and not text[start].isalnum():
        start += 1
    return start


def _host(document: Document, start: int, end: int) -> Span | None:
    text = document.text
    before = text[start - 1] if start else " "
    if before in "@/._-" or before.isalnum() or (end < len(text) and text[end] in "@(_"):
        return None
    host = text[start:end]
    top = host.rsplit(".", 1)[1].lower()
    known = top in _TOP and not _two_sentences(host)
    if not known and not host.lower().startswith("www."):
        return None
    if _of_code(host) or (top in _WITHIN and not _telling(document, host, start)):
        return None
    if (
        top in _WORDY
        and host.count(".") == 1
        and not any(word in document.before(start, 30) for word in _SITE_WORDS)
    ):
        return None
    path = REST.match(text, end) if text[end : end + 1] in ("/", ":", "?") else None
    last = trimmed(text, start, path.end()) if path else end
    return hit("domain", start, last, Label.URL if last > end else Label.DOMAIN_NAME, 0.7)


def _of_code(host: str) -> bool:
    """`com.example.app` and `org.acme.io` are names of packages, `ASP.NET` is a framework."""
    lower = host.lower()
    return lower in _FRAMEWORKS or (lower.startswith(("com.", "org.")) and lower.count(".") >= 2)


def _telling(document: Document, host: str, start: int) -> bool:
    """A name inside somebody's network: digits or a dash in it, or a word beside it; `threading.local` has neither."""
    name = host.rsplit(".", 1)[0]
    return any(c.isdigit() or c == "-" for c in name) or any(
        word in document.before(start, 30) for word in _SITE_WORDS
    )


def _two_sentences(host: str) -> bool:
    """`done.In` and `Inc.is` are a missing space: a capital after the last dot only."""
    name, top = host.rsplit(".", 1)
    return (top[0].isupper() and not host.isupper()) or (
        "." in name and max(len(part) for part in name.split(".")) < 2
    )


DOMAIN = Pattern("domain", (Label.DOMAIN_NAME, Label.URL), find, shape=r"\S\.[a-z]{2}")
