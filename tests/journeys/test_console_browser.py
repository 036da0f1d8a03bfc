"""The console in headless Chromium, as an operator uses it: log in, look, approve with the keyboard."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access import Access
from cloud.console.app import build
from cloud.console.serve import listen, serving
from cloud.review.machine import Phase
from tests.fakes.cloud_parts import (
    ADA,
    ASKS_REFUND,
    DEVICE,
    PASSWORD,
    PERSON,
    CloudHouse,
    cloud_house,
    console_parts,
    wire,
)
from tidegate.clock import SystemClock
from tidegate.telemetry import new_traceparent

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH (Debian: apt-get install chromium)"),
]


@contextlib.contextmanager
def console(folder: Path) -> Iterator[tuple[CloudHouse, str]]:
    """A console with one held case, served from a thread of its own."""
    house = cloud_house(folder, clock=SystemClock())
    house.operators.put(ADA, by="test")
    asyncio.run(house.desk.escalate(wire(ASKS_REFUND), DEVICE, new_traceparent()))
    access = Access(house.operators, house.sessions, house.clock, key=b"k" * 32)
    app = build(console_parts(house, access))
    sock = listen("127.0.0.1", 0)
    started, stop = threading.Event(), threading.Event()

    async def run() -> None:
        async with serving(app, sock):
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert started.wait(20)
        yield house, address(sock)
    finally:
        stop.set()
        thread.join(10)


def address(sock: socket.socket) -> str:
    return f"http://127.0.0.1:{sock.getsockname()[1]}"


def test_an_operator_logs_in_and_approves_a_case_with_two_keys(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with console(tmp_path) as (house, url), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(url)
        page.fill("[name=name]", "ada")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".case")
        page.keyboard.press("j")
        page.wait_for_selector(".sheet mark.ph")
        assert page.inner_text(".sheet mark.ph >> nth=0") == PERSON
        page.keyboard.press("a")
        page.wait_for_selector("button.confirm")
        assert house.review.count() == {Phase.OPEN: 1}
        page.keyboard.press("a")
        page.wait_for_selector(".notice")
        decided = house.review.closed()[0]
        assert (decided.review.phase, decided.review.operator) == (Phase.APPROVED, "ada")
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(url + "/decided")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert complaints == []
        browser.close()


def test_the_forms_work_with_scripts_switched_off(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with console(tmp_path) as (house, url), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(url)
        page.fill("[name=name]", "ada")
        page.fill("[name=password]", PASSWORD)
        page.click("button.primary")
        page.click(".case")
        page.click("button[data-key=a]")
        assert house.review.count() == {Phase.APPROVED: 1}
        browser.close()
