"""The pages of the door: status, plan, and the way in. Plain HTML that works without scripts; a script keeps it fresh."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from edge.consents import Consents
from edge.gateway.door import Door
from edge.gateway.keys import Keyring
from edge.pages.access import COOKIE, Access, Session, require_csrf, require_same_origin
from edge.pages.foreseen import Outlook, Wanted, outlook
from edge.pages.guard import Guard
from edge.pages.watch import LINES, Watch
from edge.routing.mode import Mode
from tidegate import look
from tidegate.errors import BadRequest, TidegateError
from tidegate.ids import consent_id
from tidegate.logs import Log

if TYPE_CHECKING:  # Jinja is loaded when the first page is drawn
    from jinja2 import Environment

_HERE = Path(__file__).parent
_LOG = Log("edge.pages")

Page = Callable[[Request, Session], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages show and act on, chosen in edge.app."""

    watch: Watch
    access: Access
    keyring: Keyring
    door: Door
    consents: Consents


class Rooms:
    """The pages. Every one but the way in asks who is there first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._jinja: Environment | None = None

    async def home(self, request: Request) -> Response:
        """What this is: for a person how to get in, for a program where to knock."""
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(
                {"object": "tidegate.door", "openai": "/v1", "openapi": "/openapi.json", "status": "/status"}
            )
        return self._way_in()

    async def enter(self, request: Request) -> Response:
        """A session for whoever has an application's key."""
        try:
            require_same_origin(_host(request), request.headers.get("origin"), _fetched(request))
            key = (await _form(request)).get("key", "").strip()
            session = self._desk.access.open(self._desk.keyring.application(f"Bearer {key}"))
        except BadRequest as error:
            _LOG.warning("status_page_refused", code=error.code)
            return self._way_in(error.message, error.status)
        return _into(session)

    async def open(self, request: Request) -> Response:
        """The owner's link, once."""
        try:
            return _into(self._desk.access.enter(str(request.path_params["token"])))
        except BadRequest as error:
            _LOG.warning("status_page_refused", code=error.code)
            return self._way_in(str(error), error.status)

    async def status(self, request: Request, session: Session) -> Response:
        return self._html("status.html", session, {"page": "status", **self._board(session)})

    async def board(self, request: Request, session: Session) -> Response:
        """The part of the status page that changes."""
        return self._html("_board.html", session, self._board(session))

    async def plan(self, request: Request, session: Session) -> Response:
        form = await _form(request) if request.method == "POST" else {}
        wanted = Wanted(
            text=form.get("text", ""),
            tools=form.get("tools", ""),
            application=session.application or form.get("application", "").strip(),
            mode=form.get("mode", ""),
        )
        found: Outlook | None = None
        wrong = ""
        if request.method == "POST":
            try:
                found = await outlook(self._desk.door, wanted, session.room)
            except TidegateError as error:
                wrong = str(error)
        values: dict[str, object] = {
            "page": "plan",
            "wanted": wanted,
            "found": found,
            "wrong": wrong,
            "modes": list(Mode),
        }
        return self._html("plan.html", session, values, 400 if wrong else 200)

    async def word(self, request: Request, session: Session) -> Response:
        """The owner's, or the application's user's, word about a request that waits."""
        form = await _form(request)
        agree = form.get("word") == "agree"
        wanted = consent_id(str(request.path_params["consent"]))
        self._desk.consents.decide(wanted, agree=agree, application=session.application)
        return RedirectResponse(_room(session), 303)

    async def leave(self, request: Request, session: Session) -> Response:
        self._desk.access.close(session)
        response = RedirectResponse("/", 303)
        response.delete_cookie(COOKIE, path=_room(session))
        return response

    def known(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """`page` for whoever has this room's session; a form also needs its token and our own origin."""

        async def guarded(request: Request) -> Response:
            session = self._desk.access.find(
                str(request.path_params["room"]), request.cookies.get(COOKIE, "")
            )
            if session is None:
                return self._way_in("This session has ended.", 403)
            try:
                if request.method == "POST":
                    require_same_origin(_host(request), request.headers.get("origin"), _fetched(request))
                    require_csrf(session, (await _form(request)).get("csrf", ""))
                return await page(request, session)
            except TidegateError as error:
                status = error.status if isinstance(error, BadRequest) else 503
                return self._html("error.html", session, {"page": "", "message": str(error)}, status)

        return guarded

    def _board(self, session: Session) -> dict[str, object]:
        seen = self._desk.watch.look().of(session.application)
        return {"seen": seen, "lines": seen.lines[:LINES]}

    def _way_in(self, message: str = "", status: int = 200) -> Response:
        return self._html("enter.html", None, {"message": message, "page": ""}, status)

    def _html(
        self, template: str, session: Session | None, values: Mapping[str, object], status: int = 200
    ) -> Response:
        if self._jinja is None:
            self._jinja = _environment()
        base: dict[str, object] = {"session": session, "room": _room(session) if session is not None else ""}
        return HTMLResponse(self._jinja.get_template(template).render({**base, **values}), status)


def build(desk: Desk) -> ASGIApp:
    """The pages as an ASGI application; it answers every path that is not the API's."""
    rooms = Rooms(desk)
    known = rooms.known
    routes: list[Route | Mount] = [
        Route("/", rooms.home, methods=["GET"]),
        Route("/status", rooms.home, methods=["GET"]),
        Route("/status/enter", rooms.enter, methods=["POST"]),
        Route("/status/open/{token}", rooms.open, methods=["GET"]),
        Mount("/status/static/look", StaticFiles(directory=look.STATIC)),
        Mount("/status/static", StaticFiles(directory=_HERE / "static")),
        Route("/status/{room}/", known(rooms.status), methods=["GET"]),
        Route("/status/{room}/board", known(rooms.board), methods=["GET"]),
        Route("/status/{room}/plan", known(rooms.plan), methods=["GET", "POST"]),
        Route("/status/{room}/consents/{consent}", known(rooms.word), methods=["POST"]),
        Route("/status/{room}/leave", known(rooms.leave), methods=["POST"]),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return Guard(app)


def is_page(path: str) -> bool:
    """Whether a path belongs to the pages."""
    return path in ("/", "/status") or path.startswith("/status/")


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from edge.pages import chart, words
    from tidegate.clock import local_time

    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(words=words, chart=chart)
    made.filters.update(
        marked=words.marked,
        size=words.size,
        ago=words.ago,
        commands=words.commands,
        took=words.took,
        why=words.why,
        kind=words.kind,
        clock=local_time,
    )
    return made


def _into(session: Session) -> Response:
    response = RedirectResponse(_room(session), 303)
    response.set_cookie(COOKIE, session.secret, path=_room(session), httponly=True, samesite="strict")
    return response


def _room(session: Session) -> str:
    return f"/status/{session.room}/"


def _host(request: Request) -> str:
    return request.headers.get("host", "")


def _fetched(request: Request) -> str | None:
    return request.headers.get("sec-fetch-site")


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, the first value of each name. The body is read once and kept by Starlette."""
    try:
        fields = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=20)
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest("this form cannot be read", code="bad_form") from error
    found: dict[str, str] = {}
    for name, value in fields:
        found.setdefault(name, value)
    return found
