"""Many visitors on one server: 64 who draw, 200 who only look, some who send slowly, and a race.

In rounds, so that a memory that grows with each is seen. Every drawing's picture is compared with
that of its own strokes: an answer to somebody else's would be another one.
"""

import asyncio
import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import numpy as np

from bench import load, timing
from bench.proofs.served import App, Proof, question
from resnet import ink, lenses, samples

ROUNDS = 5
GROWTH = 50.0  # MB from the second round on: in the first, things are loaded
SLOW = 20  # visitors who send a byte now and then


class Drawer(load.Visitor):
    """Notes what went wrong, and whose picture came."""

    def __init__(self, app: App, visit: load.Visit, number: int) -> None:
        super().__init__(app.address, visit, number, lenses.LENSES[0])
        self.asked = 0
        self.refused = 0
        self.lost: list[str] = []

    async def ask(self, stroke: samples.Stroke) -> None:
        strokes = [[[10 * at for at in point] for point in stroke]]
        data = {"strokes": strokes, "board": self.board}
        self.asked += 1
        try:
            sent = self.visit.question | {"data": data}
            reply = await self.http.post(self.visit.asking, json=sent)
            said = reply.json() if reply.status_code == 200 else {"error": reply.text}
        except (httpx.HTTPError, ValueError) as error:
            self.lost.append(f"{type(error).__name__}: {error}")
            return
        if reply.status_code >= 500:
            self.lost.append(f"{reply.status_code}: {reply.text[:100]}")
        elif "error" in said:
            self.refused += 1
        elif (
            said["picture"] != base64.b64encode(ink.grey_levels(ink.from_strokes(strokes))).decode()
        ):
            self.lost.append("an answer to another drawing")


def prove(
    app: App, drawers: int = 64, sessions: int = 200, seconds: float = 10, rounds: int = ROUNDS
) -> Proof:
    proof = Proof(
        "Load",
        f"{rounds} rounds of {drawers} who draw for {seconds:g} s, {sessions} who open the page, "
        f"{SLOW} who send slowly, and a race",
    )
    parts = app.parts()
    visit = load.Visit(
        [], [], "/gradio_api/component_server/", question(parts["pad"], "read", None)
    )
    memory = []
    for number in range(rounds):
        with racing(app, parts["race"], proof), slow_senders(app):
            waited, asked, refused, lost = asyncio.run(
                round_of(app, visit, drawers, sessions, seconds)
            )
        memory.append(app.memory_at_rest(patience=3))
        proof.lost += lost
        proof.figures.append(
            f"round {number + 1}: {asked} drawings asked, {refused} refused with a sentence, "
            f"p50 {timing.median(waited)} ms, p95 {timing.p95(waited)} ms, {memory[-1]:.0f} MB"
        )
    if rounds > 1 and memory[-1] - memory[1] > GROWTH:
        proof.lost.append(f"memory: {memory[1]:.0f} -> {memory[-1]:.0f} MB after the first round")
    if app.tracebacks():
        proof.lost.append(f"{app.tracebacks()} tracebacks in the log")
    return proof


async def round_of(
    app: App, visit: load.Visit, drawers: int, sessions: int, seconds: float
) -> tuple[np.ndarray, int, int, list[str]]:
    """Milliseconds of each stroke, drawings asked and refused, and what was lost."""
    visitors = [Drawer(app, visit, number) for number in range(drawers)]
    looking = asyncio.create_task(opened(app, sessions))
    waited = await asyncio.gather(*(one.draw(seconds) for one in visitors))
    lost = await looking + [fault for one in visitors for fault in one.lost]
    await asyncio.gather(*(one.http.aclose() for one in visitors))
    asked = sum(one.asked for one in visitors)
    return np.concatenate(waited), asked, sum(one.refused for one in visitors), lost


async def opened(app: App, count: int) -> list[str]:
    """Open the page so often, eight at a time, over a connection each; what failed."""
    turns, lost = asyncio.Semaphore(8), []

    async def one() -> None:
        async with turns, httpx.AsyncClient(base_url=app.address, timeout=60, verify=False) as http:
            try:
                reply = await http.get("/")
                if reply.status_code != 200:
                    lost.append(f"page: {reply.status_code} {reply.text[:80]}")
            except httpx.HTTPError as error:
                lost.append(f"page: {type(error).__name__}")

    await asyncio.gather(*(one() for _ in range(count)))
    return lost


@contextmanager
def racing(app: App, part: int, proof: Proof) -> Iterator[None]:
    """A race beside, looked at as the page does."""

    def ask(function: str, data: object) -> dict[str, object]:
        reply = app.http.post("/gradio_api/component_server/", json=question(part, function, data))
        return dict(reply.json())

    started = ask("start", {"depth": 18, "has_norm": True, "rate": 0.02})
    if "ticket" not in started:
        proof.lost.append(f"no race: {started}")

    def look() -> bool:
        said = ask("look", {"ticket": started.get("ticket"), "since": 0})
        is_well = said.get("state") in ("waiting", "running", "finished")
        if not is_well:
            proof.lost.append(f"the race: {said}")
        return is_well

    try:
        with meanwhile(look):
            yield
    finally:
        ask("stop", {"ticket": started.get("ticket")})


@contextmanager
def slow_senders(app: App) -> Iterator[None]:
    """Some of a head, some of a body, and some who read nothing of a long answer."""
    host, port = app.address.removeprefix("http://").split(":")
    head = (
        f"POST /gradio_api/component_server/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 900000\r\n"
    )
    asked = [head, f"{head}\r\n{{", f"GET /ui/vendor/tfjs.wasm HTTP/1.1\r\nHost: {host}\r\n\r\n"]
    connections = []
    for number in range(SLOW):
        connection = socket.create_connection((host, int(port)))
        connection.sendall(asked[number % len(asked)].encode())
        connections.append(connection)

    def trickle() -> bool:
        for number, connection in enumerate(connections):
            if number % len(asked) < 2:
                with suppress(OSError):
                    connection.sendall(b" ")
        return True

    try:
        with meanwhile(trickle):
            yield
    finally:
        for connection in connections:
            connection.close()


@contextmanager
def meanwhile(act: Callable[[], bool]) -> Iterator[None]:
    """Do it twice a second in a thread, for as long as it returns True."""
    is_over = threading.Event()

    def repeat() -> None:
        while not is_over.wait(0.5) and act():
            pass

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
