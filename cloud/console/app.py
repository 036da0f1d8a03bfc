"""The review console: one Starlette application. Pages are Jinja templates; forms post plain HTML, htmx makes them quick."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cloud.audit.log import Entry, Head
from cloud.console import show
from cloud.console.access import COOKIE, Access, require, require_csrf, require_same_origin
from cloud.console.guard import MOST_BODY, Guard
from cloud.console.views import Views, audit_rows
from cloud.observe.metrics import CloudMetrics
from cloud.review.desk import Blocked, Done, NoCase, ReviewDesk
from cloud.review.machine import Decision, Phase, Refusal, Review
from cloud.review.operators import Right, Session, may
from tidegate import look
from tidegate.clock import Clock
from tidegate.errors import BadRequest, TidegateError
from tidegate.ids import CaseId
from tidegate.logs import Log

_LOG = Log("cloud.console")
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Parts:
    """What the console shows and acts on."""

    desk: ReviewDesk
    access: Access
    clock: Clock
    metrics: CloudMetrics
    audit_head: Callable[[], Head]
    audit_latest: Callable[[int], tuple[Entry, ...]]
    views: Views


Page = Callable[[Request, Session], Awaitable[Response]]


class Console:
    """The pages. Every one but the login asks who is there first."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._jinja = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )

    async def login_page(self, request: Request) -> Response:
        if self._parts.access.session(request) is not None:
            return RedirectResponse("/cases", 303)
        return self._html("login.html", request, None, {"message": "", "name": ""})

    async def log_in(self, request: Request) -> Response:
        form = await _form(request)
        name = form.get("name", "").strip()
        try:
            require_same_origin(request)
            value = self._parts.access.log_in(name, form.get("password", ""), _address(request))
        except BadRequest as e:
            _LOG.warning("login_refused", code=e.code)
            return self._html("login.html", request, None, {"message": e.message, "name": name}, e.status)
        response = RedirectResponse("/cases", 303)
        self._parts.access.set_cookie(response, value)
        return response

    async def log_out(self, request: Request, session: Session) -> Response:
        self._parts.access.log_out(request)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE, path="/")
        return response

    async def cases(self, request: Request, session: Session) -> Response:
        """The queue; with a case in the path also that case."""
        name = request.path_params.get("case")
        held = None if name is None else self._parts.desk.find(CaseId(str(name)))
        now = self._parts.clock.now()
        rows = [show.row(one, now) for one in self._parts.desk.waiting()]
        if name is not None and held is None:
            raise BadRequest("there is no such case", code="no_case", status=404)
        about = None if held is None else show.detail(held, session.operator.name, now)
        values: dict[str, object] = {
            "rows": rows,
            "about": about,
            "notice": _notice(request),
            "may_decide": may(session.operator, Right.DECIDE),
        }
        if request.headers.get("hx-request") == "true":
            return self._html("_detail.html" if name else "_queue.html", request, session, values)
        return self._html("cases.html", request, session, values)

    async def claim(self, request: Request, session: Session) -> Response:
        case = CaseId(str(request.path_params["case"]))
        done = self._parts.desk.claim(case, session.operator)
        return self._after(done, case, "claimed", request, session)

    def decide(self, decision: Decision) -> Page:
        """The page that takes one kind of decision; it claims first unless this operator holds the claim."""

        async def decided(request: Request, session: Session) -> Response:
            form = await _form(request)
            case = CaseId(str(request.path_params["case"]))
            text, note, token = form.get("text", ""), form.get("note", ""), form.get("token", "")
            desk, operator = self._parts.desk, session.operator
            if token.isdecimal() and int(token[:9]) > 0:
                done = desk.decide(case, operator, int(token[:9]), decision, text=text, note=note)
            else:
                done = desk.decide_now(case, operator, decision, text=text, note=note)
            return self._after(done, case, show.DECISIONS[decision], request, session)

        return decided

    async def closed(self, request: Request, session: Session) -> Response:
        now = self._parts.clock.now()
        rows = [show.row(one, now) for one in self._parts.desk.closed()]
        return self._html("decided.html", request, session, {"rows": rows})

    async def audit(self, request: Request, session: Session) -> Response:
        require(session, Right.AUDIT)
        entries = audit_rows(self._parts.audit_latest(100))
        return self._html("audit.html", request, session, {"entries": entries})

    async def fleet(self, request: Request, session: Session) -> Response:
        return self._html("fleet.html", request, session, {"seen": self._parts.views.fleet()})

    async def quality(self, request: Request, session: Session) -> Response:
        return self._html("quality.html", request, session, self._parts.views.quality())

    def _after(self, done: Done, case: CaseId, word: str, request: Request, session: Session) -> Response:
        """A decided case leads to the queue, everything else back to the case with the reason."""
        match done:
            case Review(phase=Phase.CLAIMED) | Review(phase=Phase.OPEN):
                return RedirectResponse(f"/cases/{case}", 303)
            case Review():
                return RedirectResponse(f"/cases?done={word}", 303)
            case Refusal():
                message = show.REFUSALS[done]
            case NoCase():
                raise BadRequest("there is no such case", code="no_case", status=404)
            case Blocked(checks):
                names = ", ".join(show.CHECKS[check][0] for check in checks)
                message = f"This answer cannot leave: {names} failed. Edit it, or reject the case."
            case other:
                assert_never(other)
        return self._html("error.html", request, session, {"message": message, "back": f"/cases/{case}"}, 409)

    def _html(
        self,
        template: str,
        request: Request,
        session: Session | None,
        values: Mapping[str, object],
        status: int = 200,
    ) -> Response:
        counts = self._parts.desk.count()
        common: dict[str, object] = {
            "session": session,
            "path": request.url.path,
            "waiting": counts.get(Phase.OPEN, 0) + counts.get(Phase.CLAIMED, 0),
            "decided": sum(counts.values()) - counts.get(Phase.OPEN, 0) - counts.get(Phase.CLAIMED, 0),
            "alarms": self._parts.views.alarms() if session is not None else 0,
            "head": self._parts.audit_head() if session is not None else None,
            "may_audit": session is not None and may(session.operator, Right.AUDIT),
        }
        return HTMLResponse(self._jinja.get_template(template).render({**common, **values}), status)

    def known(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """`page` for a logged-in operator; a POST also needs its CSRF token and our own origin."""

        async def guarded(request: Request) -> Response:
            session = self._parts.access.session(request)
            if session is None:
                if request.headers.get("hx-request") == "true":
                    return Response(status_code=401, headers={"hx-redirect": "/login"})
                return RedirectResponse("/login", 303)
            try:
                require(session, Right.SEE)
                if request.method == "POST":
                    require_same_origin(request)
                    require_csrf(session, (await _form(request)).get("csrf", ""))
                return await page(request, session)
            except BadRequest as e:
                return self._html(
                    "error.html", request, session, {"message": e.message, "back": "/cases"}, e.status
                )

        return guarded

    async def metrics(self, _: Request) -> Response:
        page = self._parts.metrics.page(self._parts.desk.count(), self._parts.audit_head().size)
        return Response(page, media_type="text/plain; version=0.0.4")

    async def health(self, _: Request) -> Response:
        try:
            self._parts.audit_head()
        except TidegateError:
            return PlainTextResponse("database unavailable\n", 503)
        return PlainTextResponse("ok\n")


def build(parts: Parts) -> Starlette:
    """The console as an ASGI application."""
    console = Console(parts)
    routes: list[Route | Mount] = [
        Route("/", _home),
        Route("/login", console.login_page, methods=["GET"]),
        Route("/login", console.log_in, methods=["POST"]),
        Route("/logout", console.known(console.log_out), methods=["POST"]),
        Route("/cases", console.known(console.cases)),
        Route("/cases/{case}", console.known(console.cases)),
        Route("/cases/{case}/claim", console.known(console.claim), methods=["POST"]),
        *(
            Route(
                f"/cases/{{case}}/{decision.value}", console.known(console.decide(decision)), methods=["POST"]
            )
            for decision in Decision
        ),
        Route("/decided", console.known(console.closed)),
        Route("/quality", console.known(console.quality)),
        Route("/fleet", console.known(console.fleet)),
        Route("/audit", console.known(console.audit)),
        Route("/metrics", console.metrics),
        Route("/healthz", console.health),
        Mount("/static/look", StaticFiles(directory=look.STATIC)),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard)])


async def _home(_: Request) -> Response:
    return RedirectResponse("/cases", 303)


async def _form(request: Request) -> dict[str, str]:
    """The text fields of a form; the first value of each name. Parsed once per request by Starlette."""
    form = await request.form(max_files=0, max_fields=20, max_part_size=MOST_BODY)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


def _notice(request: Request) -> str:
    """The one-line report after a decision; closed words only, since the address bar is anybody's."""
    word = request.query_params.get("done", "")
    return word if word in show.DECISIONS.values() else ""
