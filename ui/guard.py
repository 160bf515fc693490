"""Refuses bad requests before Gradio sees them."""

import re
from urllib.parse import urlsplit

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
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
TOO_LARGE = "The request is too large."


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
        limit = MAX_UPLOAD if scope["path"].rstrip("/") == UPLOAD else MAX_BODY
        if refused := self.refusal(scope, headers, limit):
            await PlainTextResponse(*refused)(scope, receive, send)
            return
        seen, has_answered = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            return message if seen <= limit else {"type": "http.disconnect"}

        async def answer(message: Message) -> None:
            nonlocal has_answered
            if seen <= limit or has_answered:
                has_answered = True
                await send(message)

        try:
            await self.app(scope, counted, answer)
        except ClientDisconnect:
            if seen <= limit:
                raise
        if seen > limit and not has_answered:  # sent in chunks, without a length
            await PlainTextResponse(TOO_LARGE, 413)(scope, receive, send)

    def refusal(self, scope: Scope, headers: Headers, limit: int) -> tuple[str, int] | None:
        """The sentence and the status of a request that goes no further."""
        hosts = headers.getlist("host")
        if self.is_local and (len(hosts) != 1 or without_port(hosts[0]) not in LOOPBACK):
            return "Unknown host.", 400
        if scope["method"] not in SAFE and is_from_elsewhere(headers):
            return "Only this server's own page may ask that.", 403
        if re.search(r"/(file|proxy|stream)=?/?\s*https?:", scope["path"], re.IGNORECASE):
            return "This server fetches nothing.", 403
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            return TOO_LARGE, 413
        return None


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
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
