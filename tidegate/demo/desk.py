"""An operator at the review console: logs in, looks, decides. The same forms a browser posts."""

from __future__ import annotations

import re
import time

import httpx

from tidegate.errors import Broken

_CSRF = re.compile(r'name="csrf" value="([^"]{8,256})"')
_CASE = re.compile(r'href="/cases/(case_[0-9a-f]{8,64})"')


class Desk:
    """One session. Raises Broken with the status when the console says no."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self._http = httpx.Client(base_url=url, follow_redirects=True, timeout=20, headers={"origin": url})
        self._name = name
        self._password = password

    def log_in(self) -> None:
        reply = self._http.post("/login", data={"name": self._name, "password": self._password})
        if reply.status_code != 200 or "/login" in str(reply.url):
            raise Broken(f"the console refused the login ({reply.status_code})", code="demo_login")

    def newest_case(self, wait_s: float = 10.0) -> str:
        """The id of a case that waits, or the empty string when none comes."""
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            found = _CASE.findall(self._http.get("/cases").text)
            if found:
                return str(found[-1])
            time.sleep(0.2)
        return ""

    def approve(self, case: str) -> None:
        self._decide(case, "approve", {})

    def edit(self, case: str, text: str) -> None:
        self._decide(case, "edit", {"text": text, "note": ""})

    def reject(self, case: str) -> None:
        self._decide(case, "reject", {"note": ""})

    def _decide(self, case: str, what: str, fields: dict[str, str]) -> None:
        page = self._http.get(f"/cases/{case}").text
        csrf = _CSRF.search(page)
        if csrf is None:
            raise Broken("the case page has no form", code="demo_console")
        reply = self._http.post(f"/cases/{case}/{what}", data={"csrf": csrf.group(1), "token": "0", **fields})
        if reply.status_code != 200:
            raise Broken(f"the console refused the decision ({reply.status_code})", code="demo_console")

    def close(self) -> None:
        self._http.close()
