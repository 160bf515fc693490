"""Refuses bad requests before Gradio sees them."""

import asyncio
import contextlib
import re
import time
from collections.abc import Mapping

from gradio.route_utils import API_PREFIX
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 1_000_000  # bytes of a request that is no file upload
MAX_FILE = 8_000_000  # bytes of an uploaded file
MAX_UPLOAD = MAX_FILE + 100_000  # the file and its wrapping: one file a request
UPLOAD = f"{API_PREFIX}/upload"
SAFE = {"GET", "HEAD"}  # methods that change nothing here
PATIENCE = 20.0  # seconds in which a body has come
PATIENCE_UPLOAD = 120.0  # a file on a slow line
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
TOO_LARGE = "The request is too large."
TOO_SLOW = "The request came too slowly."


class RefusedError(Exception):
    """A request that goes no further: the sentence that says why, and the status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class Guard:
    """Refuses foreign host names, requests that another web page sends, large bodies, and paths
    that would make the server fetch.

    A web page elsewhere can point its own name at this machine (DNS rebinding), or have its
    visitor's browser post to this server. Gradio fetches any address after /file= or /proxy= and
    takes JSON of any length.
    """

    def __init__(self, app: ASGIApp, is_local: bool) -> None:
        self.app = app
        self.is_local = is_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = limit_of(scope["path"])
        if refused := self.refusal(scope, headers, limit):
            await answered(refused)(scope, receive, send)
            return
        seen, is_whole, has_answered = 0, False, False
        fault: RefusedError | None = None
        end = time.monotonic() + (PATIENCE if limit == MAX_BODY else PATIENCE_UPLOAD)

        async def counted() -> Message:
            nonlocal seen, is_whole, fault
            try:
                # When all has come, it waits until the visitor goes.
                patience = None if is_whole else end - time.monotonic()
                message = await asyncio.wait_for(receive(), patience)
            except TimeoutError:
                fault = RefusedError(TOO_SLOW, 408)
                return {"type": "http.disconnect"}
            seen += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if seen > limit:  # sent in chunks, without a length
                fault = RefusedError(TOO_LARGE, 413)
            return {"type": "http.disconnect"} if fault else message

        async def answer(message: Message) -> None:
            nonlocal has_answered
            if not fault or has_answered:
                has_answered = True
                await send(message)

        with contextlib.suppress(ClientDisconnect):  # nobody is there, or the fault is told below
            await self.app(scope, counted, answer)
        if fault and not has_answered:
            # What may still come of the request would be taken for the next one.
            await answered(fault, {"Connection": "close"})(scope, receive, send)

    def refusal(self, scope: Scope, headers: Headers, limit: int) -> RefusedError | None:
        hosts = headers.getlist("host")
        if self.is_local and (len(hosts) != 1 or without_port(hosts[0]) not in LOOPBACK):
            return RefusedError("Unknown host.", 400)
        if scope["method"] not in SAFE and is_from_elsewhere(headers):
            return RefusedError("Only this server's own page may ask that.", 403)
        if re.search(r"/(file|proxy|stream)=?/?\s*https?:", scope["path"], re.IGNORECASE):
            return RefusedError("This server fetches nothing.", 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            return RefusedError(TOO_LARGE, 413)
        return None


def answered(refused: RefusedError, headers: Mapping[str, str] | None = None) -> PlainTextResponse:
    return PlainTextResponse(str(refused), refused.status, headers)


def limit_of(path: str) -> int:
    """Bytes of a body."""
    return MAX_UPLOAD if path.rstrip("/") == UPLOAD else MAX_BODY


def without_port(host: str) -> str:
    return re.sub(r":\d+$", "", host)


def is_from_elsewhere(headers: Headers) -> bool:
    """Whether another web page made the browser send this.

    Browsers say so in Sec-Fetch-Site, whatever stands between them and this server, but only to
    an https or a local address; elsewhere the Origin must name the host that was asked. Programs
    send neither.
    """
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")
