"""An agent on a real device asks a real cloud: a call that cannot be undone waits for a person at the console, and is done once or not at all.

Real processes, real gRPC over mTLS, the shipped model, a real command that leaves a mark, and the console as an operator
uses it (in headless Chromium where there is one).
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.journeys.test_console_browser import ARGUMENTS, CHROMIUM
from tidegate.assets import model_dir
from tidegate.chat import JSON
from tidegate.demo.desk import Desk
from tidegate.demo.script import KEEP_AT
from tidegate.demo.world import World
from tidegate.errors import Broken
from tidegate.failpoint import VARIABLE

CODE = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + chr(10)); print('set')"
ASKS = "book a table for four at an Italian restaurant in Denver tonight"
DONE = "booked Italian four"
PLACES = ("edge.late.claimed", "edge.agent.intent.before", "edge.agent.intent.after")
pytestmark = pytest.mark.timeout(400)


@dataclass
class Home:
    world: World
    marks: Path

    def start(self, **more: JSON) -> dict[str, JSON]:
        """A run that has proposed its call and asked the cloud."""
        body: dict[str, JSON] = {
            "messages": [{"role": "user", "content": ASKS}],
            "tools": ["BookRestaurant"],
            **more,
        }
        run = self.until(str(self.said("POST", "agent/runs", body)["id"]), "waiting_ticket")
        assert self.desk().newest_case(20.0), "the question never came to the console"
        return run

    def said(self, method: str, path: str, body: dict[str, JSON] | None = None) -> dict[str, JSON]:
        door = self.world.door
        with httpx.Client(timeout=30, trust_env=False) as http:
            headers = {"authorization": f"Bearer {door.key}"}
            found: dict[str, JSON] = http.request(
                method, f"{door.url}/tidegate/{path}", json=body, headers=headers
            ).json()
        return found

    def until(self, run: str, *states: str, within_s: float = 40.0) -> dict[str, JSON]:
        end = time.monotonic() + within_s
        found: dict[str, JSON] = {}
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                found = self.said("GET", f"agent/runs/{run}")
                if found.get("state") in states:
                    return found
            time.sleep(0.1)
        raise AssertionError(f"the run is {found.get('state')}, {found.get('waits_for')}, {reasons(found)}")

    def desk(self) -> Desk:
        desk = Desk(self.world.console_url, self.world.operator, self.world.password)
        desk.log_in()
        return desk

    def done(self) -> list[str]:
        return self.marks.read_text().splitlines() if self.marks.exists() else []


def reasons(run: dict[str, JSON]) -> list[str]:
    events = run.get("events")
    return (
        [str(one.get("reason")) for one in events if isinstance(one, dict)]
        if isinstance(events, list)
        else []
    )


def settings(folder: Path) -> str:
    words = ["city", "state", "timeRange", "party_size_number", "cuisine", "restaurant_type"]
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        CODE,
        str(folder / "marks"),
        "booked",
        "{cuisine}",
        "{party_size_number}",
    ]
    return (
        '[agent]\nask_cloud = true\n[[tools]]\nname = "BookRestaurant"\ndescription = "Book a table"\n'
        f'effect = "irreversible"\ncommand = {command!r}\nwritable = ["{folder}"]\n'
        '[tools.parameters]\ntype = "object"\nrequired = ["cuisine", "party_size_number"]\n'
        + "".join(f'properties.{word}.type = "string"\n' for word in words)
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    if not (model_dir("sentry") / "sentry.json").exists():
        pytest.skip("models/sentry is not built")
    folder = tmp_path_factory.mktemp("approval")
    world = World(
        folder / "world",
        with_fleet=False,
        edge_toml=settings(folder),
        keep_at=KEEP_AT,
        cloud_toml='[model]\nkind = "none"\n',
    )
    try:
        world.prepare()
        yield Home(world, folder / "marks")
    finally:
        world.close()


def test_what_a_person_at_the_console_allows_is_done_once(home: Home) -> None:
    before, run = home.done(), home.start()
    assert home.done() == before
    desk = home.desk()
    desk.approve(desk.newest_case())
    done = home.until(str(run["id"]), "done", "stopped")
    assert "approved_by_cloud" in reasons(done)
    assert home.done() == [*before, DONE]


def test_what_a_person_refuses_is_not_done(home: Home) -> None:
    before, run = home.done(), home.start()
    desk = home.desk()
    desk.reject(desk.newest_case())
    done = home.until(str(run["id"]), "done", "stopped")
    assert "denied_by_cloud" in reasons(done)
    assert home.done() == before


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH (Debian: apt-get install chromium)")
def test_the_console_shows_the_call_and_two_keys_allow_it(home: Home) -> None:
    from playwright.sync_api import sync_playwright

    before, run = home.done(), home.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(home.world.console_url)
        page.fill("[name=name]", home.world.operator)
        page.fill("[name=password]", home.world.password)
        page.keyboard.press("Enter")
        page.wait_for_selector(".case")
        page.keyboard.press("j")
        page.wait_for_selector(".sheet pre.call")
        call = page.inner_text(".sheet pre.call")
        assert call.startswith('BookRestaurant {"cuisine":"Italian","party_size_number":"four"')
        assert "Denver" not in page.content()
        assert page.inner_text(".sheet pre.call mark.ph").startswith("[LOCATION_1")
        assert page.query_selector("#edit") is None
        page.keyboard.press("a")
        page.wait_for_selector("button.confirm")
        page.keyboard.press("a")
        page.wait_for_selector(".notice")
        browser.close()
    home.until(str(run["id"]), "done", "stopped")
    assert home.done() == [*before, DONE]


def test_a_question_nobody_decides_falls_to_the_user_who_still_can(home: Home) -> None:
    before, run = home.done(), home.start()
    home.world.stop_cloud()
    with sqlite3.connect(home.world.cloud_state / "cloud.db") as db:
        db.execute("UPDATE reviews SET expires_at = 1 WHERE phase = 'open'")
    home.world.start_cloud()  # the sweeper expires it at once
    waits = home.until(str(run["id"]), "waiting_person")
    pending = waits["pending"]
    assert isinstance(pending, dict)
    assert home.done() == before
    home.said("POST", f"agent/runs/{run['id']}/approve", {"digest": pending["digest"], "approve": True})
    assert "approved_by_user" in reasons(home.until(str(run["id"]), "done", "stopped"))
    assert home.done() == [*before, DONE]


def test_other_bytes_than_those_that_wait_are_not_done_though_a_person_has_signed_them(home: Home) -> None:
    """Somebody at the cloud changes the proposal under the person's eyes: properly signed, and still another call."""
    before, run = home.done(), home.start()
    home.world.stop_cloud()
    with sqlite3.connect(home.world.cloud_state / "cloud.db") as db:
        (case, proposal) = db.execute(
            "SELECT case_id, proposal_json FROM reviews WHERE phase = 'open'"
        ).fetchone()
        assert b"Italian" in proposal
        db.execute(
            "UPDATE reviews SET proposal_json = ? WHERE case_id = ?",
            (proposal.replace(b"Italian", b"Mexican"), case),
        )
    home.world.start_cloud()
    home.desk().approve(str(case))
    waits = home.until(str(run["id"]), "waiting_person")
    assert home.done() == before
    pending = waits["pending"]
    assert isinstance(pending, dict)
    home.said("POST", f"agent/runs/{run['id']}/approve", {"digest": pending["digest"], "approve": False})
    home.until(str(run["id"]), "done", "stopped")
    assert home.done() == before


def test_who_answers_first_decides_and_the_other_word_changes_nothing(home: Home) -> None:
    before, run = home.done(), home.start()
    pending = run["pending"]
    assert isinstance(pending, dict)
    home.said("POST", f"agent/runs/{run['id']}/approve", {"digest": pending["digest"], "approve": True})
    home.until(str(run["id"]), "done", "stopped")
    desk = home.desk()
    end = time.monotonic() + 20
    while (
        desk.newest_case() and time.monotonic() < end
    ):  # the question is taken back: nobody there need answer it
        time.sleep(0.1)
    assert not desk.newest_case(0.3)
    assert phases(home)[-1] == "withdrawn"
    assert home.done() == [*before, DONE]
    late = home.said("GET", "answers")
    assert late["data"] == []  # the cloud's yes is of the agent alone: no application is told to act


def test_a_question_settled_while_the_cloud_is_away_is_taken_back_when_it_returns(home: Home) -> None:
    before, run = home.done(), home.start()
    home.world.stop_cloud()
    pending = run["pending"]
    assert isinstance(pending, dict)
    home.said("POST", f"agent/runs/{run['id']}/approve", {"digest": pending["digest"], "approve": False})
    home.until(str(run["id"]), "done", "stopped")
    home.world.start_cloud()
    desk = home.desk()
    end = time.monotonic() + 40
    while desk.newest_case(0.3) and time.monotonic() < end:
        time.sleep(0.1)
    assert phases(home)[-1] == "withdrawn"
    assert home.done() == before


def phases(home: Home) -> list[str]:
    """Of every case at the cloud, oldest first."""
    with contextlib.closing(sqlite3.connect(home.world.cloud_state / "cloud.db")) as db:
        return [str(row[0]) for row in db.execute("SELECT phase FROM reviews ORDER BY opened_at")]


@pytest.mark.parametrize("place", PLACES)
def test_the_power_goes_between_the_yes_and_the_deed(home: Home, place: str) -> None:
    before, run = home.done(), home.start()
    home.world.process("edge").stop()
    with contextlib.suppress(Broken):
        home.world.start_edge({VARIABLE: place})
    desk = home.desk()
    desk.approve(desk.newest_case())
    assert gone(home.world), f"the daemon never came to {place}"
    home.world.start_edge()
    found = home.until(str(run["id"]), "done", "stopped", "waiting_person")
    if place == "edge.agent.intent.after":  # the intent was on disk: nobody knows, so the user says
        assert (found["state"], found["waits_for"]) == ("waiting_person", "unknown_outcome")
        assert home.done() == before
        home.said("POST", f"agent/runs/{run['id']}/cancel", {})
    else:
        assert home.done() == [*before, DONE]


def gone(world: World, within_s: float = 30.0) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end and world.process("edge").running:
        time.sleep(0.05)
    return not world.process("edge").running
