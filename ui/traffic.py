"""Who is being served: how much one visitor may take at a time, and how serving ends.

A visitor is an address, for anything else can be made up; of IPv6 it is the half that a whole
household shares. A school is one address, too: the limits leave room for 60 pupils who draw at
once, each with one question under way and six files.
"""

import ipaddress
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from gradio.route_utils import API_PREFIX
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.guard import MAX_UPLOAD, RefusedError, answered, limit_of

AT_ONCE = 512  # requests
ASKING = 128  # of these, that make the server compute
ARRIVING = 8 * MAX_UPLOAD  # bytes of bodies
UPLOADED = 256_000_000  # bytes of files; they are kept for
KEPT = 600.0  # seconds, see app.py
REMEMBERED = 10_000  # visitors
PIECE = 65_536  # bytes of an answer: whoever reads slowly has no more of it in memory
RESULT = re.compile(rf"{API_PREFIX}/(call/.+/.+|queue/data)|/health")  # asked for until the end
LULL = 0.3  # seconds in which a call's answer has been asked for

# The visitor whose request is being answered, for what is limited elsewhere (ui/race.py).
visitor: ContextVar[str] = ContextVar("visitor", default="")


@dataclass
class Share:
    """What one visitor takes."""

    requests: int = 0
    asking: int = 0
    arriving: int = 0  # bytes
    uploaded: float = 0.0  # bytes, as if they were deleted evenly
    seen: float = 0.0  # seconds of the clock


class Traffic:
    """What is under way, by visitor and in all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.shares: dict[str, Share] = {}
        self.under_way = 0
        self.is_draining = False

    @contextmanager
    def served(self, scope: Scope) -> Iterator[None]:
        """While a request is. Raises RefusedError where it is one too many."""
        if self.is_draining and not RESULT.fullmatch(scope["path"]):
            raise RefusedError("The server is stopping; please try again in a minute.", 503)
        share = self.share_of(visitor_of(scope))
        is_asking = scope["method"] == "POST"
        size = size_of(scope)
        uploaded = size if limit_of(scope["path"]) == MAX_UPLOAD else 0
        if (
            share.requests >= AT_ONCE
            or share.asking + is_asking > ASKING
            or share.arriving + size > ARRIVING
        ):
            raise RefusedError("Too many requests at once; please try again in a moment.", 429)
        if share.uploaded + uploaded > UPLOADED:
            raise RefusedError("Too many files; please try again in ten minutes.", 429)
        share.uploaded += uploaded
        share.requests += 1
        share.asking += is_asking
        share.arriving += size
        self.under_way += 1
        try:
            yield
        finally:
            share.requests -= 1
            share.asking -= is_asking
            share.arriving -= size
            self.under_way -= 1

    def share_of(self, name: str) -> Share:
        now = self.clock()
        if len(self.shares) >= REMEMBERED:
            self.shares = {
                of: one for of, one in self.shares.items() if one.requests or self.left(one, now)
            }
        share = self.shares.setdefault(name, Share(seen=now))
        share.uploaded, share.seen = self.left(share, now), now
        return share

    def left(self, share: Share, now: float) -> float:
        """Bytes of a visitor's files that are still kept."""
        return max(0.0, share.uploaded - UPLOADED * (now - share.seen) / KEPT)

    def drain(self, is_idle: Callable[[], bool], patience: float) -> None:
        """Refuse what is new, and wait until all that is under way has been answered."""
        self.is_draining = True
        end, quiet = self.clock() + patience, self.clock()
        while self.clock() < end and self.clock() - quiet < LULL:
            time.sleep(0.02)
            if self.under_way or not is_idle():
                quiet = self.clock()


class InTraffic:
    """Takes part in it."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def in_pieces(message: Message) -> None:
            body = message.get("body", b"")
            for start in range(0, len(body) or 1, PIECE):
                is_last = start + PIECE >= len(body)
                piece = {"body": body[start : start + PIECE]} if "body" in message else {}
                more = {} if is_last else {"more_body": True}
                await send({**message, **piece, **more})

        try:
            with self.traffic.served(scope):
                token = visitor.set(visitor_of(scope))
                try:
                    await self.app(scope, receive, in_pieces)
                finally:
                    visitor.reset(token)
        except RefusedError as error:
            await answered(error, {"Retry-After": "10"})(scope, receive, send)


def visitor_of(scope: Scope) -> str:
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a socket without addresses
        return host
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def size_of(scope: Scope) -> int:
    """Bytes of the body; as many as it may have where that is not said."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return limit_of(scope["path"])
    return int(headers.get("content-length", "0"))  # a number, says the guard
