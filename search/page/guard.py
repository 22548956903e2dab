"""Who may ask: a password, and pages of other sites never."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import defaultdict
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .texts import STATIC, TEXTS

LIFE = 12 * 3600.0  # seconds without a request after which one has to log in again
WRONG = 1.0  # seconds that a wrong password costs
PUBLIC = {"/static/login.js", "/static/texts.js", "/static/texts.json", "/static/style.css"}
HEADERS = {
    # Nothing of another machine is loaded, and the page is in no other site's frame.
    b"content-security-policy": b"default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
}


class Guard:
    """Lets those pass who may ask.

    Args:
        app: that they ask.
        password: None: everybody may.
        hosts: the names by which a browser may call this machine; None: any. Without a password, a site that
            points its own name to this machine could otherwise read the page in its visitors' browsers.
        cookie: name of the cookie that says who has logged in.
    """

    def __init__(self, app: ASGIApp, password: str | None, hosts: set[str] | None, cookie: str = "search"):
        self._app, self._hosts, self._cookie = app, hosts, cookie
        self._digest = None if password is None else _digest(password)
        self._sessions: dict[str, float] = {}  # when each ends
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                message["headers"] += [item for item in HEADERS.items() if item[0] not in own]
            await send(message)

        if scope["type"] == "http":
            request = Request(scope, receive)
            answer = await self._answer(request)
            await (answer or self._app)(scope, receive, with_headers)

    async def _answer(self, request: Request) -> Response | None:
        """The answer to a request that does not pass; None: it does."""
        if self._is_foreign(request):
            return _refusal("error.foreign", 403)
        if self._digest is None:
            return None
        asked = (request.method, request.url.path)
        if asked == ("POST", "/login"):
            return await self._log_in(request)
        token = request.cookies.get(self._cookie, "")
        if self._sessions.get(token, 0.0) > time.monotonic():
            self._sessions[token] = time.monotonic() + LIFE
            if asked == ("POST", "/logout"):
                del self._sessions[token]
                return JSONResponse({})
            return None
        if request.url.path in PUBLIC:
            return None
        if request.url.path == "/":
            return FileResponse(STATIC / "login.html", 401)
        return _refusal("error.login", 401)

    def _is_foreign(self, request: Request) -> bool:
        """Whether a browser asks on behalf of another site."""
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if self._hosts is not None and urlsplit(f"//{host}").hostname not in self._hosts:
            return True
        if origin is not None and urlsplit(origin).netloc != host:
            return True
        if request.method in ("GET", "HEAD"):
            return False
        # Forms of other sites can send neither JSON nor files as such.
        kind = request.headers.get("content-type", "").partition(";")[0]
        return kind not in ("application/json", "application/octet-stream")

    async def _log_in(self, request: Request) -> Response:
        try:
            given = str((await request.json())["password"])
        except (ValueError, KeyError, TypeError):
            given = ""
        async with self._turns[request.client.host if request.client else ""]:
            if not hmac.compare_digest(_digest(given), self._digest):
                await asyncio.sleep(WRONG)
                return _refusal("error.password", 401)
        now, token = time.monotonic(), secrets.token_urlsafe(32)
        self._sessions = {one: end for one, end in self._sessions.items() if end > now}
        self._sessions[token] = now + LIFE
        answer = JSONResponse({})
        answer.set_cookie(
            self._cookie, token, httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )
        return answer


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest()


def _refusal(key: str, status: int) -> JSONResponse:
    return JSONResponse({"error": TEXTS[key]["en"], "key": key, "values": {}}, status)
