"""What browsers are told with every answer: load nothing from outside, guess no types, tell no
other site where a visitor comes from.

The page's scripts are files of this server; the few that stand in its document carry a word that is
made anew for every answer. Two things cannot be forbidden while Gradio serves the page: it brings
every part to life by a function made of text ('unsafe-eval', which also lets the worker compile the
tensor runtime), and it writes styles into elements ('unsafe-inline').
"""

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'nonce-{nonce}' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'none'",
    "frame-ancestors": "{ancestors}",
}
# For the scripts of a document's template, which gets the word by the request.
NONCE = ' nonce="{{ request.state.nonce }}"'


class AnswerHeaders:
    """Adds them to every answer. Other sites may show the page in a frame where it is embedded."""

    def __init__(self, app: ASGIApp, is_embedded: bool = False) -> None:
        self.app = app
        self.ancestors = "*" if is_embedded else "'none'"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        policy = "; ".join(f"{of} {sources}" for of, sources in POLICY.items())

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy.format(
                    nonce=nonce, ancestors=self.ancestors
                )
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
            await send(message)

        state = {**scope.get("state", {}), "nonce": nonce}
        await self.app({**scope, "state": state}, receive, told)
