"""The document that is made once: the same as if it were made for each visitor."""

import asyncio
import re
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ui.document_kept import MOST, PLACE, KeptDocuments
from ui.headers import AnswerHeaders


class Page:
    """An app that makes a document of what it was asked by, and counts."""

    def __init__(self) -> None:
        self.page = cast(Any, SimpleNamespace(config={}))
        self.made = 0
        self.status = 200
        routes = [Route("/{path:path}", self.answer, methods=["GET", "POST"])]
        self.app = AnswerHeaders(KeptDocuments(Starlette(routes=routes), self.page))

    async def answer(self, request: Request) -> Response:
        self.made += 1
        await asyncio.sleep(0)  # others may come now
        text = f'<script nonce="{request.state.nonce}"> {request.url} number {self.made}'
        return HTMLResponse(text, self.status, headers={"x-own": "kept"})

    def visitor(self, address: str = "http://here") -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=address)


@pytest.fixture
def served() -> Page:
    return Page()


def nonce_of(reply: httpx.Response) -> str:
    """Of all its scripts, and allowed by its policy."""
    (nonce,) = {*re.findall('nonce="([^"]+)"', reply.text)}
    assert f"'nonce-{nonce}'" in reply.headers["content-security-policy"]
    assert nonce != PLACE
    return str(nonce)


def test_all_who_come_at_once_get_one_document_and_each_a_nonce(served: Page) -> None:
    async def crowd() -> list[httpx.Response]:
        async with served.visitor() as visitor:
            return await asyncio.gather(*(visitor.get("/") for _ in range(20)))

    replies = asyncio.run(crowd())
    assert served.made == 1
    assert {reply.text.partition(">")[2] for reply in replies} == {" http://here/ number 1"}
    assert {reply.headers["x-own"] for reply in replies} == {"kept"}
    assert all(len(reply.content) == int(reply.headers["content-length"]) for reply in replies)
    assert len({nonce_of(reply) for reply in replies}) == 20


def test_every_address_and_language_has_its_own(served: Page) -> None:
    async def visits() -> list[str]:
        texts = []
        for address in ("http://here", "https://here", "http://there"):
            async with served.visitor(address) as visitor:
                for path in ("/", "/zh.html"):
                    for host in (None, "proxy.example"):
                        headers = {"x-forwarded-host": host} if host else {}
                        pair = [await visitor.get(path, headers=headers) for _ in range(2)]
                        assert len({reply.text.partition(">")[2] for reply in pair}) == 1
                        texts.append(pair[0].text.partition(">")[2])
        return texts

    assert len({*asyncio.run(visits())}) == served.made == 12


def test_of_other_nets_it_is_made_anew(served: Page) -> None:
    async def visits() -> None:
        async with served.visitor() as visitor:
            await visitor.get("/")
            served.page.config = {}  # equal, and another one
            for _ in range(2):
                assert (await visitor.get("/")).text.endswith("number 2")

    asyncio.run(visits())


def test_faults_and_all_else_go_through_each_time(served: Page) -> None:
    async def visits() -> None:
        async with served.visitor() as visitor:
            served.status = 500
            assert [(await visitor.get("/")).status_code for _ in range(2)] == [500, 500]
            served.status = 200
            for ask in (visitor.post("/"), visitor.head("/"), visitor.get("/health")):
                assert (await ask).status_code == 200

    asyncio.run(visits())
    assert served.made == 5


def test_made_up_addresses_do_not_fill_the_memory(served: Page) -> None:
    async def visits() -> None:
        for number in range(MOST + 5):
            async with served.visitor(f"http://host{number}") as visitor:
                await visitor.get("/")

    asyncio.run(visits())
    assert isinstance(served.app.app, KeptDocuments)
    assert len(served.app.app.kept) == MOST


def test_the_served_page_is_what_gradio_makes_of_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def document() -> str:
        reply = httpx.get(address)
        return reply.text.replace(nonce_of(reply), "")

    kept = [document(), document()]
    monkeypatch.setattr("ui.document_kept.PATHS", set())
    assert document() == kept[0] == kept[1]
