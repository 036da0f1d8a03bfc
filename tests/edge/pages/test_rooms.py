"""The pages over HTTP: nothing without a session, nothing from elsewhere, never what anybody wrote."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from edge.owner import owner_key
from edge.pages import words
from edge.ports import Policy, PolicyVersion, Released
from edge.routing.mode import Mode, Modes
from edge.routing.plan import Why
from tests.architecture import house as repository
from tests.fakes.edge_parts import FakeDispatch, FakeModel, OpenDoor, house, open_door
from tidegate.chat import Usage

HTML = {"accept": "text/html"}
MAIL = "answer eve.adams@example.org today"
ASKS = Policy(PolicyVersion("t"), modes=Modes(Mode.ASK))


@pytest.fixture
def door(tmp_path: Path) -> OpenDoor:
    reply = Released("from afar", (), (), "cloud-1", Usage(1, 1), "case_12345678")
    made = house(FakeModel(sure=0.1), FakeDispatch(reply), policy=ASKS)
    return open_door(tmp_path, made, encode=lambda what: what.prompt.messages[0].content.text.encode())


def client(door: OpenDoor, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=door.app),
        base_url="http://127.0.0.1:8642",
        headers=headers,
        follow_redirects=True,
    )


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


async def entered(browser: httpx.AsyncClient, door: OpenDoor) -> httpx.Response:
    """The owner's page, by the owner's link."""
    owner = {"authorization": f"Bearer {owner_key(door.door.key)}"}
    path = (await browser.post("/v1/tidegate/status/link", headers=owner)).json()["path"]
    return await browser.get(path)


async def ask(browser: httpx.AsyncClient, door: OpenDoor) -> httpx.Response:
    body = {"model": "tidegate", "messages": [{"role": "user", "content": MAIL}]}
    return await browser.post(
        "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {door.api_key}"}
    )


async def test_the_root_tells_people_and_programs_where_they_are(door: OpenDoor) -> None:
    async with client(door) as browser:
        page = await browser.get("/", headers=HTML)
        plain = await browser.get("/")
        lost = await browser.get("/elsewhere")
    assert "tidegate edge status --open" in page.text
    assert plain.json()["openai"] == "/v1"
    assert lost.json()["error"]["code"] == "not_found"


async def test_every_page_is_strict_about_where_things_come_from(door: OpenDoor) -> None:
    async with client(door) as browser:
        pages = [
            await browser.get("/", headers=HTML),
            await entered(browser, door),
            await browser.get("/status/no/"),
        ]
    for page in pages:
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in page.headers
        assert not re.search(r"style=|<script>|onclick=|https?://(?!127\.0\.0\.1|www\.w3)", page.text)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8642", "192.168.0.2:8642", "127.0.0.1.evil.example"]
)
async def test_a_name_that_is_not_this_machines_gets_nothing(door: OpenDoor, host: str) -> None:
    async with client(door, host=host) as browser:
        assert (await browser.get("/", headers=HTML)).status_code == 421
        assert (await browser.get("/status/static/pages.css")).status_code == 421


async def test_everything_that_a_page_names_is_there(door: OpenDoor) -> None:
    async with client(door) as browser:
        named = re.findall(
            r"(?:src|href)=\"(/status/static/[^\"]+)\"", (await browser.get("/", headers=HTML)).text
        )
        assert "/status/static/look/base.css" in named
        assert {(await browser.get(path)).status_code for path in named} == {200}


async def test_what_waits_is_shown_redacted_and_the_owners_word_lets_it_leave(door: OpenDoor) -> None:
    async with client(door) as browser:
        assert (await ask(browser, door)).status_code == 409
        page = await entered(browser, door)
        assert "Let it leave" in page.text
        assert "eve.adams" not in page.text
        waiting = re.search(r"consents/(cns_\w+)", page.text)
        assert waiting is not None
        word = {"csrf": token(page.text), "word": "agree"}
        where = f"{page.url.path}consents/{waiting.group(1)}"
        assert (await browser.post(where, data={**word, "csrf": "x"})).status_code == 403
        other = await browser.post(where, data=word, headers={"origin": "http://127.0.0.1:9999"})
        assert other.status_code == 403
        done = await browser.post(where, data=word, headers={"origin": "http://127.0.0.1:8642"})
        assert "Let it leave" not in done.text
        assert (await ask(browser, door)).headers["x-tidegate-source"] == "cloud"
        assert "eve.adams" not in (await browser.get(page.url.path)).text


async def test_an_applications_user_sees_its_own_and_no_other(door: OpenDoor) -> None:
    from edge.gateway.keys import make_key

    other = make_key(door.stores.keys, "camera", 0.0)
    async with client(door) as browser:
        await ask(browser, door)
        mine = await browser.post("/status/enter", data={"key": door.api_key})
        theirs = await browser.post("/status/enter", data={"key": other})
        wrong = await browser.post("/status/enter", data={"key": "tg_no"})
        told = await browser.get("/v1/tidegate/status", headers={"authorization": f"Bearer {other}"})
        assert "Let it leave" in mine.text
        assert "nobody has agreed" in mine.text
        assert "Let it leave" not in theirs.text
        assert "nobody has agreed" not in theirs.text
        assert wrong.status_code == 401
        assert told.json()["decisions"] == []
        assert (
            await browser.post("/v1/tidegate/status/link", headers={"authorization": f"Bearer {other}"})
        ).status_code == 401


async def test_the_status_for_programs_says_the_same_as_the_page(door: OpenDoor) -> None:
    owner = {"authorization": f"Bearer {owner_key(door.door.key)}"}
    async with client(door) as browser:
        await ask(browser, door)
        told = (await browser.get("/v1/tidegate/status", headers=owner)).json()
    assert [part["name"] for part in told["parts"]] == ["Model", "Sentry", "Embedder", "Update slot"]
    assert told["decisions"][0]["why"] == "consent_needed"
    assert (told["left_today"]["requests"], len(told["waiting_for_consent"])) == (0, 1)
    assert "eve.adams" not in str(told)


async def test_the_plan_page_explains_and_sends_nothing(door: OpenDoor) -> None:
    async with client(door) as browser:
        page = await entered(browser, door)
        form = {"csrf": token(page.text), "text": MAIL}
        shown = await browser.post(page.url.path + "plan", data=form)
        bad = await browser.post(page.url.path + "plan", data={**form, "tools": "{"})
        local = await browser.post(page.url.path + "plan", data={**form, "mode": "local-only"})
    assert "You would be asked" in shown.text
    assert "EMAIL_ADDRESS" in shown.text
    assert "e-mail address replaced" in shown.text
    assert bad.status_code == 400
    assert "It stays here" in local.text
    assert "EMAIL_ADDRESS" not in local.text
    assert door.door.consents is not None
    assert door.door.consents.waiting() == ()


def test_redacted_text_is_escaped_and_its_placeholders_are_marked() -> None:
    shown = str(words.marked("<b> mail [PERSON_1·k3f9] and [not one]"))
    assert shown == '&lt;b&gt; mail <mark class="ph">[PERSON_1·k3f9]</mark> and [not one]'


async def test_a_form_larger_than_any_form_is_refused(door: OpenDoor) -> None:
    async with client(door) as browser:
        assert (await browser.post("/status/enter", data={"key": "x" * 70_000})).status_code == 413
        assert (await browser.post("/status/enter", content=b"\xff\xfe=1")).status_code == 400


def test_every_reason_and_mode_has_words() -> None:
    assert set(words.MODES) == set(Mode)
    assert {str(why) for why in Why} - set(words.WHYS) == set()


@pytest.mark.parametrize(
    "sheet",
    ["edge/pages/static/pages.css", "cloud/console/static/console.css", "cloud/console/static/views.css"],
)
def test_the_device_and_the_console_speak_one_language_of_colour(sheet: str) -> None:
    roles = repository.read("tidegate/look/static/base.css")
    text = repository.read(sheet)
    assert set(re.findall(r"var\((--[a-z-]+)\)", text)) <= set(re.findall(r"(--[a-z-]+):", roles))
    assert re.findall(r"--[a-z-]+:", text) == []
