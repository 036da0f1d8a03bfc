"""The console over HTTP: logins, roles, CSRF, headers, and decisions that carry a name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cloud.console.access import COOKIE, Access, Guesses
from cloud.console.app import build
from cloud.review.machine import Phase
from tests.fakes.cloud_parts import (
    ADA,
    ASKS_REFUND,
    DEVICE,
    EVE,
    PASSWORD,
    PERSON,
    ZOE,
    CloudHouse,
    cloud_house,
    console_parts,
    wire,
)
from tidegate.clock import FixedClock
from tidegate.telemetry import new_traceparent

SITE = "http://console.test"


@pytest.fixture
def house(tmp_path: Path) -> CloudHouse:
    made = cloud_house(tmp_path, clock=FixedClock())
    for operator in (ADA, EVE, ZOE):
        made.operators.put(operator, by="test")
    return made


@pytest.fixture
async def browser(house: CloudHouse) -> AsyncIterator[httpx.AsyncClient]:
    access = Access(house.operators, house.sessions, house.clock, key=b"k" * 32)
    parts = console_parts(house, access)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=build(parts)), base_url=SITE) as client:
        yield client


async def log_in(browser: httpx.AsyncClient, name: str = "ada", password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/login", data={"name": name, "password": password})


async def csrf(browser: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/cases")).text)
    assert found is not None
    return found[1]


async def held(house: CloudHouse) -> str:
    await house.desk.escalate(wire(ASKS_REFUND), DEVICE, new_traceparent())
    return house.review.waiting()[0].case


@pytest.mark.parametrize("path", ["/", "/cases", "/cases/case_x", "/decided", "/audit", "/quality", "/fleet"])
async def test_nobody_sees_a_page_without_logging_in(browser: httpx.AsyncClient, path: str) -> None:
    reply = await browser.get(path)
    assert reply.status_code == 303
    assert reply.headers["location"] in {"/login", "/cases"}


async def test_a_login_sets_a_cookie_no_script_and_no_other_site_can_use(browser: httpx.AsyncClient) -> None:
    reply = await log_in(browser)
    assert (reply.status_code, reply.headers["location"]) == (303, "/cases")
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert (await browser.get("/cases")).status_code == 200


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong password"), ("nobody", PASSWORD), ("", ""), ("A'--", "x")]
)
async def test_a_wrong_name_and_a_wrong_password_look_the_same(
    browser: httpx.AsyncClient, name: str, password: str
) -> None:
    reply = await log_in(browser, name, password)
    assert reply.status_code == 401
    assert "the name or the password is wrong" in reply.text
    assert COOKIE not in browser.cookies


async def test_five_wrong_guesses_lock_the_door_even_for_the_right_password(
    browser: httpx.AsyncClient,
) -> None:
    for _ in range(5):
        await log_in(browser, password="wrong password")
    assert (await log_in(browser)).status_code == 429


def test_guesses_are_forgotten_after_the_window() -> None:
    guesses = Guesses(most=2, window_s=10.0)
    guesses.failed(("a",), 0.0)
    guesses.failed(("a",), 1.0)
    assert not guesses.allowed(("a", "b"), 5.0)
    assert guesses.allowed(("a", "b"), 11.5)


async def test_a_forged_cookie_and_a_session_after_logout_are_nothing(browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    good = browser.cookies[COOKIE]
    await browser.post("/logout", data={"csrf": await csrf(browser)})
    for value in (good, good[:-1] + "x", "x.y", ""):
        reply = await browser.get("/cases", headers={"cookie": f"{COOKIE}={value}"})
        assert reply.status_code == 303


async def test_a_disabled_operator_is_out_at_once(browser: httpx.AsyncClient, house: CloudHouse) -> None:
    await log_in(browser)
    house.operators.put(ADA.__class__(ADA.name, ADA.role, ADA.password_hash, disabled=True), by="test")
    assert (await browser.get("/cases")).status_code == 303
    assert (await log_in(browser)).status_code == 401


async def test_an_approval_carries_the_operators_name(browser: httpx.AsyncClient, house: CloudHouse) -> None:
    case = await held(house)
    await log_in(browser)
    page = await browser.get(f"/cases/{case}")
    assert f'<mark class="ph" title="person">{PERSON}</mark>' in page.text
    reply = await browser.post(f"/cases/{case}/approve", data={"csrf": await csrf(browser), "token": "0"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/cases?done=approved")
    decided = house.review.closed()[0]
    assert (decided.review.phase, decided.review.operator) == (Phase.APPROVED, "ada")
    assert '"operator":"ada"' in house.audit.latest(1)[0].body.decode()
    assert "ada" in (await browser.get("/decided")).text


async def test_without_the_forms_token_nothing_is_decided(
    browser: httpx.AsyncClient, house: CloudHouse
) -> None:
    case = await held(house)
    await log_in(browser)
    for data in ({}, {"csrf": ""}, {"csrf": "guess"}):
        assert (await browser.post(f"/cases/{case}/approve", data=data)).status_code == 403
    other_site = {"origin": "http://evil.test"}
    good = {"csrf": await csrf(browser)}
    assert (await browser.post(f"/cases/{case}/approve", data=good, headers=other_site)).status_code == 403
    assert house.review.count() == {Phase.OPEN: 1}


async def test_a_viewer_sees_and_does_not_decide(browser: httpx.AsyncClient, house: CloudHouse) -> None:
    case = await held(house)
    await log_in(browser, "eve")
    page = await browser.get(f"/cases/{case}")
    assert "Approve" not in page.text
    for decision in ("approve", "edit", "reject", "claim"):
        data = {"csrf": await csrf(browser), "text": "hello"}
        assert (await browser.post(f"/cases/{case}/{decision}", data=data)).status_code == 403
    assert house.review.count() == {Phase.OPEN: 1}


async def test_only_an_admin_reads_the_audit_log(browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    assert (await browser.get("/audit")).status_code == 403
    await log_in(browser, "zoe")
    assert (await browser.get("/audit")).status_code == 200


async def test_an_edit_that_leaks_is_stopped_and_a_clean_one_is_sent(
    browser: httpx.AsyncClient, house: CloudHouse
) -> None:
    case = await held(house)
    await log_in(browser)
    form = {"csrf": await csrf(browser), "token": "0", "note": "called her"}
    leaky = await browser.post(f"/cases/{case}/edit", data={**form, "text": "mail bob.smith@example.com"})
    assert leaky.status_code == 409
    assert "leaks failed" in leaky.text
    clean = await browser.post(f"/cases/{case}/edit", data={**form, "text": f"Dear {PERSON}, we call you."})
    assert clean.status_code == 303
    assert house.review.closed()[0].note == "called her"


async def test_a_case_in_anothers_hands_says_whose(browser: httpx.AsyncClient, house: CloudHouse) -> None:
    case = await held(house)
    house.review.claim(house.review.waiting()[0].case, ZOE)
    await log_in(browser)
    assert "with zoe" in (await browser.get(f"/cases/{case}")).text
    reply = await browser.post(f"/cases/{case}/approve", data={"csrf": await csrf(browser)})
    assert (reply.status_code, "Another operator" in reply.text) == (409, True)


async def test_text_of_a_request_is_never_markup(browser: httpx.AsyncClient, house: CloudHouse) -> None:
    await house.desk.escalate(wire("refund <script>alert(1)</script> {{ 7*7 }}"), DEVICE, new_traceparent())
    await log_in(browser)
    case = house.review.waiting()[0].case
    for page in (await browser.get("/cases"), await browser.get(f"/cases/{case}")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text
        assert "{{ 7*7 }}" in page.text


async def test_every_page_forbids_foreign_scripts_and_frames(browser: httpx.AsyncClient) -> None:
    for path in ("/login", "/static/console.css", "/metrics"):
        headers = (await browser.get(path)).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert (await browser.get("/login")).headers["cache-control"] == "no-store"


async def test_everything_that_a_page_names_is_there(browser: httpx.AsyncClient) -> None:
    named = re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", (await browser.get("/login")).text)
    assert "/static/look/base.css" in named
    assert {(await browser.get(path)).status_code for path in named} == {200}


async def test_an_oversize_form_is_refused(browser: httpx.AsyncClient) -> None:
    reply = await browser.post("/login", data={"name": "ada", "password": "x" * 200_000})
    assert reply.status_code in {400, 413}


async def test_metrics_count_outcomes_and_hold_no_names(
    browser: httpx.AsyncClient, house: CloudHouse
) -> None:
    await held(house)
    page = (await browser.get("/metrics")).text
    assert 'tidegate_escalations_total{outcome="held"} 1.0' in page
    assert "tidegate_review_waiting 1.0" in page
    assert DEVICE not in page
    assert (await browser.get("/healthz")).text == "ok\n"


async def test_twenty_operators_clicking_at_once_make_one_decision(
    browser: httpx.AsyncClient, house: CloudHouse
) -> None:
    case = await held(house)
    await log_in(browser)
    data = {"csrf": await csrf(browser)}
    replies = await asyncio.gather(
        *(browser.post(f"/cases/{case}/{d}", data=data) for d in ("approve", "reject") * 10)
    )
    assert sum(reply.status_code == 303 for reply in replies) == 1
    assert sum(house.review.count().values()) == 1
