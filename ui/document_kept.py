"""The page's document, made once for all who ask for it at the same address.

Gradio makes it anew for every visitor, in 40 ms of a core, so a class that arrives at once would
wait for seconds. Between two visitors only the nonce of its scripts differs.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.languages import ADDRESSES

PATHS = {"/", *(f"/{address}" for address in ADDRESSES.values())}
# What Gradio reads the page's own address from, which stands in the document.
ADDRESSED = {b"host", b"x-forwarded-host", b"x-forwarded-proto", b"x-gradio-server"}
MOST = 16  # documents: anybody can make up addresses
PLACE = secrets.token_urlsafe(16)  # where the nonce goes; as long as one


@dataclass(frozen=True)
class Document:
    start: Message
    body: bytes

    async def send(self, nonce: str, send: Send) -> None:
        body = self.body.replace(PLACE.encode(), nonce.encode())
        # A list of headers for each answer: those outside add to it.
        await send({**self.start, "headers": [*self.start["headers"]]})
        await send({"type": "http.response.body", "body": body})


class KeptDocuments:
    """Answers with what Gradio said to the first who asked, until it serves other nets."""

    def __init__(self, app: ASGIApp, page: gr.Blocks) -> None:
        self.app = app
        self.page = page
        self.config: Mapping[str, Any] | None = None  # that the documents were made of
        self.kept: dict[object, Document] = {}
        self.making = asyncio.Lock()  # or all who come before the first is made would make it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in PATHS:
            await self.app(scope, receive, send)
            return
        async with self.making:
            document = await self.document(scope, receive)
        await document.send(scope["state"]["nonce"], send)

    async def document(self, scope: Scope, receive: Receive) -> Document:
        config = self.page.config
        if config is not self.config:
            self.config, self.kept = config, {}
        addressed = tuple(pair for pair in scope["headers"] if pair[0] in ADDRESSED)
        key = scope["path"], scope["scheme"], scope.get("root_path"), addressed
        if key not in self.kept:
            made = await self.made(scope, receive)
            # While it was made, the nets may have been exchanged.
            if made.start["status"] != 200 or self.page.config is not config:
                return made
            if len(self.kept) == MOST:
                del self.kept[next(iter(self.kept))]  # the oldest
            self.kept[key] = made
        return self.kept[key]

    async def made(self, scope: Scope, receive: Receive) -> Document:
        said: list[Message] = []

        async def note(message: Message) -> None:
            said.append(message)

        state = {**scope["state"], "nonce": PLACE}
        await self.app({**scope, "state": state}, receive, note)
        start, *bodies = said
        return Document(start, b"".join(message.get("body", b"") for message in bodies))
