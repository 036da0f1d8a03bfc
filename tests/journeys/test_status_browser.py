"""The pages of the device in headless Chromium, as its owner and an application's user see them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from edge.routing.mode import Mode
from tests.fakes.status_pages import House, living

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
MAIL = "write to eve.adams@example.org please"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A device that asks for one application, without a model of its own."""
    with living(tmp_path_factory.mktemp("house"), mode=Mode.ASK) as found:
        yield found


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield opened
        finally:
            opened.close()


def listened(page: Page) -> list[str]:
    """Everything the page complains about from now on, and every address that is not its own."""
    heard: list[str] = []
    page.on("console", lambda m: heard.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda e: heard.append(str(e)))
    page.on("request", lambda r: heard.append(r.url) if "//127.0.0.1" not in r.url else None)
    return heard


def test_the_owner_sees_a_request_wait_and_lets_it_leave(house: House, chrome: Browser) -> None:
    asked = house.ask(MAIL)
    assert asked.status_code == 409
    page = chrome.new_page(viewport={"width": 1280, "height": 900})
    heard = listened(page)
    page.goto(house.owner_link())
    assert page.inner_text("[data-fact=mode]") == "Ask first"
    page.click("details summary")
    shown = page.inner_text(".ask")
    assert "1 e-mail address " in shown
    assert "eve.adams" not in page.content()
    page.click("button[value=agree]")
    page.wait_for_selector(".ask", state="detached")
    assert house.ask(MAIL).headers["x-tidegate-source"] == "cloud"
    page.wait_for_selector("[data-fact=left]:has-text('1 request,')", timeout=15_000)
    page.wait_for_selector("[data-fact=ledger]:has-text('verified')", timeout=15_000)
    assert page.inner_text("[data-fact=cloud]") == "1"
    assert "eve.adams" not in page.content()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert heard == []


def test_the_plan_page_shows_what_would_leave_and_sends_nothing(house: House, chrome: Browser) -> None:
    before = len(house.cloud.seen)
    page = chrome.new_page()
    heard = listened(page)
    page.goto(house.owner_link())
    page.click("nav a >> text=Plan")
    page.fill("[name=text]", "tell eve.adams@example.org that 4556 7375 8689 9855 is mine")
    page.click("button.primary")
    assert page.inner_text("[data-fact=decision]") == "You would be asked"
    left = page.inner_text(".outlook .turn")
    assert "EMAIL_ADDRESS" in left
    assert "eve.adams" not in left
    assert "4556" not in left
    page.click("summary")
    page.fill("[name=tools]", "{")
    page.click("button.primary")
    assert "not valid JSON" in page.inner_text("[role=alert]")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [word for word in heard if "400" not in word] == []
    assert len(house.cloud.seen) == before


def test_the_pages_work_without_scripts_and_for_an_application_alone(house: House, chrome: Browser) -> None:
    house.ask("and this one, for " + MAIL)
    page = chrome.new_context(java_script_enabled=False).new_page()
    page.goto(house.base + "/")
    page.fill("[name=key]", "tg_wrong")
    page.click("button.primary")
    assert "not known here" in page.inner_text("[role=alert]")
    page.fill("[name=key]", house.api_key)
    page.click("button.primary")
    assert page.inner_text(".who strong") == "default"
    page.click("button[value=refuse]")
    assert page.locator(".ask").count() == 0
    page.click("text=Leave")
    assert page.locator("[name=key]").count() == 1


def test_another_port_gets_no_cookie_and_a_room_opens_only_with_its_own(house: House) -> None:
    with httpx.Client(trust_env=False, follow_redirects=True, base_url=house.base) as client:
        opened = client.get(house.owner_link())
        room = opened.url.path
        assert opened.status_code == 200
        cookie = next(iter(client.cookies.jar))
        assert (cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == (room, True)
        assert client.get(room).status_code == 200
        assert "tidegate_status" not in client.get("/").request.headers.get("cookie", "")
    with httpx.Client(trust_env=False, base_url=house.base) as stranger:
        assert stranger.get(room).status_code == 403
        other = {"cookie": f"tidegate_status={cookie.value}"}
        assert stranger.get("/status/another/", headers=other).status_code == 403
        assert stranger.get(room, headers=other).status_code == 200
