"""What the server refuses before Gradio sees it."""

import re

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 1_000_000  # bytes of a request that is no file upload
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


class Guard:
    """Refuses foreign host names, large bodies, and paths that would make the server fetch.

    A web page elsewhere can point its own name at this machine (DNS rebinding); Gradio fetches
    any address after /file= or /proxy= and takes JSON of any length.
    """

    def __init__(self, app: ASGIApp, is_local: bool) -> None:
        self.app = app
        self.is_local = is_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = re.sub(r":\d+$", "", headers.get("host", ""))
        if self.is_local and host not in LOOPBACK:
            await PlainTextResponse("Unknown host.", 400)(scope, receive, send)
            return
        if re.search(r"/(file|proxy|stream)=?/?\s*https?:", scope["path"], re.IGNORECASE):
            await PlainTextResponse("This server fetches nothing.", 403)(scope, receive, send)
            return
        if scope["path"].rstrip("/").endswith("/upload"):  # launch(max_file_size=...) limits those
            await self.app(scope, receive, send)
            return
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            await PlainTextResponse("The request is too large.", 413)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY:  # sent in chunks, without a length
                return {"type": "http.disconnect"}
            return message

        await self.app(scope, counted, send)
