"""The front door: which requests reach Gradio, and what of them.

Gradio answers at many more addresses than the page and its two endpoints need, and it takes bodies
of any shape, to fail on them later. Here an address that nobody needs is not there, and of a query
or a body only what was understood goes on.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import gradio as gr
from gradio.route_utils import API_PREFIX
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.endpoints import checked
from ui.guard import RefusedError, answered
from ui.languages import ADDRESSES
from ui.part import Part

DEEPEST = 24  # lists and objects within each other; no question has half as many
NAME = r"[\w-]{1,64}"  # of a session or a call: Gradio and its clients make them up
FILE = r"(?!.*\.\.)[\w./-]+"
SESSION = "one"  # for all questions of the page: Gradio would keep a state for every other

Sent = Mapping[str, Any]  # a query, or the object of a body


@dataclass(frozen=True)
class Opening:
    """A route of Gradio's that is open."""

    method: str
    path: str  # regular expression
    # What of a query or a body goes on, for what is sent and the groups of the path; raises
    # RefusedError.
    understood: Callable[[gr.Blocks, Sent, Mapping[str, str]], Sent] | None = None


# --- what goes on --------------------------------------------------------------------------------


def page_of(_: gr.Blocks, sent: Sent, __: Mapping[str, str]) -> Sent:
    if sent.get("page", "") not in ("", *ADDRESSES.values()):
        raise RefusedError("There is no such page.", 404)
    return {"page": sent["page"]} if "page" in sent else {}


def asked_of_part(page: gr.Blocks, sent: Sent, _: Mapping[str, str]) -> Sent:
    """A question to a function of a part."""
    number, name = sent.get("component_id"), sent.get("fn_name")
    part = page.blocks.get(number) if type(number) is int else None
    if not isinstance(part, Part) or not isinstance(name, str) or name not in part.functions:
        raise RefusedError("There is no such function.", 404)
    data = sent.get("data")
    return {"component_id": number, "fn_name": name, "session_hash": SESSION, "data": data}


def called(page: gr.Blocks, sent: Sent, path: Mapping[str, str]) -> Sent:
    """A call of an endpoint by its name: its answer is then asked for by its own."""
    for function in page.fns.values():
        if function.api_visibility == "public" and function.api_name == path["name"]:
            return {"data": inputs_of(function, sent)}
    raise RefusedError("There is no such endpoint.", 404)


def joined(page: gr.Blocks, sent: Sent, _: Mapping[str, str]) -> Sent:
    """The same by its number, as Gradio's client does it: all of a session come in one answer."""
    number = sent.get("fn_index")
    function = page.fns.get(number) if type(number) is int else None
    if function is None or function.api_visibility != "public":
        raise RefusedError("There is no such endpoint.", 404)
    return {
        "fn_index": number,
        "session_hash": name_of("session_hash", sent),
        "data": inputs_of(function, sent),
    }


def inputs_of(function: Any, sent: Sent) -> list[Any]:
    data = sent.get("data")
    if not isinstance(data, list) or len(data) != len(function.inputs):
        raise RefusedError(f"The data are not a list of {len(function.inputs)}.")
    try:
        return [checked(*pair) for pair in zip(function.inputs, data, strict=True)]
    except gr.Error as error:
        raise RefusedError(error.message) from error


def session(page: gr.Blocks, sent: Sent, _: Mapping[str, str]) -> Sent:
    """One that has called: of any other Gradio would tear the answer."""
    name = name_of("session_hash", sent)
    if name not in page._queue.pending_messages_per_session:
        raise RefusedError("There is no such session.", 404)
    return {"session_hash": name}


def event(page: gr.Blocks, _: Sent, path: Mapping[str, str]) -> Sent:
    """A call whose answer was not fetched yet: it is a session of its own."""
    if not page._queue.pending_event_ids_session.get(path["event"]):
        raise RefusedError("There is no such call.", 404)
    return {}


def cancelled(_: gr.Blocks, sent: Sent, __: Mapping[str, str]) -> Sent:
    number = sent.get("fn_index")
    if type(number) is not int:
        raise RefusedError("There is no such endpoint.", 404)
    return {"fn_index": number, **{of: name_of(of, sent) for of in ("session_hash", "event_id")}}


def name_of(field: str, sent: Sent) -> str:
    name = sent.get(field)
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise RefusedError(f"The {field} is missing, or is none.")
    return name


OPENINGS = (
    Opening("GET", f"/|/({'|'.join(map(re.escape, ADDRESSES.values()))})"),
    Opening("GET", f"/(assets|static)/{FILE}|/(theme.css|favicon.ico|robots.txt)"),
    Opening("GET", "/config", page_of),
    Opening("GET", f"{API_PREFIX}/(info|startup-events)"),  # Gradio asks itself for the second
    Opening("POST", f"{API_PREFIX}/component_server/?", asked_of_part),
    Opening("POST", f"{API_PREFIX}/upload/?"),
    Opening("POST", f"{API_PREFIX}/call/(?P<name>\\w+)/?", called),
    Opening("GET", f"{API_PREFIX}/call/\\w+/(?P<event>{NAME})", event),
    Opening("POST", f"{API_PREFIX}/queue/join", joined),
    Opening("GET", f"{API_PREFIX}/queue/data", session),
    Opening("POST", f"{API_PREFIX}/cancel", cancelled),
)


# --- the door ------------------------------------------------------------------------------------


class FrontDoor:
    """Lets through what asks for a route of our own, as it is, or for an opening, as understood.

    Anything else is refused in one line.
    """

    def __init__(self, app: ASGIApp, page: gr.Blocks, own: Sequence[BaseRoute]) -> None:
        self.app = app
        self.page = page
        self.own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            scope, receive = await self.understood(scope, receive)
        except RefusedError as error:
            await answered(error)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def understood(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """The request as it goes on. Raises RefusedError."""
        path, method = scope["path"], scope["method"].replace("HEAD", "GET")
        own = {route.matches(scope)[0] for route in self.own} if path.isprintable() else set()
        if Match.FULL in own:
            return scope, receive
        found = [(one, match) for one in OPENINGS if (match := re.fullmatch(one.path, path))]
        if not found and Match.PARTIAL not in own:
            raise RefusedError("There is nothing here.", 404)
        for opening, match in found:
            if opening.method == method == "GET":
                return with_query(scope, self.sent_on(opening, query_of(scope), match)), receive
            if opening.method == method == "POST" and opening.understood is None:
                if not is_form(Headers(scope=scope)):
                    raise RefusedError("Send a file, as multipart/form-data.", 415)
                return with_query(scope, {}), receive
            if opening.method == method == "POST":
                body = await body_of(scope, receive)
                return with_body(scope, receive, self.sent_on(opening, body, match))
        raise RefusedError(f"This address takes no {scope['method']}.", 405)

    def sent_on(self, opening: Opening, sent: Sent, match: re.Match[str]) -> Sent:
        if opening.understood is None:
            return {}
        return opening.understood(self.page, sent, match.groupdict())


def query_of(scope: Scope) -> Sent:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


async def body_of(scope: Scope, receive: Receive) -> Sent:
    """The object of a JSON body; whatever else is sent is refused."""
    try:
        body = json.loads(await Request(scope, receive).body())
    except (ValueError, RecursionError) as error:  # a ValueError also where it is no UTF-8
        raise RefusedError("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise RefusedError("The body is not a JSON object.")
    if is_deeper(body, DEEPEST):
        raise RefusedError("The body is nested too deeply.")
    return body


def is_deeper(value: Any, levels: int) -> bool:
    """Without recursion: that is what deep values break."""
    level = [value]
    for _ in range(levels):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, dict | list)
        ]
    return bool(level)


def is_form(headers: Headers) -> bool:
    kind = headers.get("content-type", "")
    return bool(re.match(r"multipart/form-data\s*;.*\bboundary=", kind, re.IGNORECASE))


def with_query(scope: Scope, query: Sent) -> Scope:
    return {**scope, "query_string": urlencode(query).encode()}


def with_body(scope: Scope, receive: Receive, body: Sent) -> tuple[Scope, Receive]:
    raw = json.dumps(body).encode()
    kept = [
        pair for pair in scope["headers"] if pair[0] not in (b"content-type", b"content-length")
    ]
    kept += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw))]
    is_read = False

    async def once() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()  # until the visitor goes
        is_read = True
        return {"type": "http.request", "body": raw, "more_body": False}

    return with_query({**scope, "headers": kept}, {}), once
