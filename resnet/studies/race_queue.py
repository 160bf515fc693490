"""The queue: one race at a time in a process of its own, and the visitors who wait for theirs.

A race in the server's process would take the interpreter from those who draw. Here it has one
thread of the lowest priority and an interpreter of its own.
"""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from resnet.language import N_
from resnet.studies.race import Fault, Point, Wish

WAITING = 4  # visitors at most, behind the one whose race runs
OF_ONE = WAITING  # races at once of one address: a class, or one who takes too many
ABSENT = 6.0  # seconds without a look: the visitor is gone
TOO_LONG = 180.0  # seconds of a race, after which something is wrong with it
TICK = 0.2  # seconds

FULL = N_("Several visitors are waiting for a race already; please try again in a minute.")
YOURS = N_("Several races from your network are waiting already; please try again in a minute.")
BROKEN = N_("The race broke off on the server; please start another one.")
SLOW = N_("The race took too long on this server and was stopped.")


class RaceError(Exception):
    """There is no race; the message says why, in one sentence."""


class Runner(Protocol):
    """A race that runs somewhere."""

    def status(self) -> int | None:
        """None while it runs, 0 when it came to its end."""

    def news(self) -> list[Point | Fault]:
        """The messages it printed since the last call."""

    def kill(self) -> None:
        """End it at once; it is over as soon as it has a status."""

    def release(self) -> None:
        """Free what it holds; call this when it is over and all its news are read."""


class Process:
    """A race in a process of its own."""

    def __init__(self, wish: Wish, *more: str) -> None:
        """Raises OSError when this machine starts no further process."""
        choice = ["--depth", f"{wish.depth}", "--rate", f"{wish.rate!r}", "--seed", f"{wish.seed}"]
        choice += ["--no-norm"] * (not wish.has_norm)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "resnet.studies.race", *choice, *more],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is the server's: it ends the race
        )
        assert self.process.stdout is not None
        self.printed = self.process.stdout
        os.set_blocking(self.printed.fileno(), False)
        self.rest = b""  # a line that has not come whole yet

    def status(self) -> int | None:
        return self.process.poll()

    def news(self) -> list[Point | Fault]:
        *lines, self.rest = (self.rest + (self.printed.read() or b"")).split(b"\n")
        return [json.loads(line) for line in lines]

    def kill(self) -> None:
        self.process.kill()

    def release(self) -> None:
        self.printed.close()


@dataclass(eq=False)
class Entry:
    """A visitor's race, from the ticket to the last look at it."""

    wish: Wish
    seen: float  # seconds of the clock, as the two below
    address: str = ""
    started: float | None = None
    ended: float | None = None
    state: str = "waiting"  # then "running", then "finished" or "failed"
    points: list[Point] = field(default_factory=list)
    fault: str = ""


@dataclass(frozen=True)
class Look:
    """How a race stands."""

    state: str
    wish: Wish | None = None
    ahead: int = 0  # races before it
    points: tuple[Point, ...] = ()
    seconds: float = 0.0  # that it took, or has taken so far
    fault: str = ""  # where it failed, the sentence why


class RaceQueue:
    """First come, first served. What visitors ask (enter, look, leave) only touches memory.

    All that takes time, to start a process, to hear from it and to end it, happens in tick, which
    a thread calls between open and close.
    """

    def __init__(
        self,
        start: Callable[[Wish], Runner] = Process,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.start = start
        self.clock = clock
        self.entries: dict[str, Entry] = {}  # by ticket, in the order they came
        self.running: tuple[Entry, Runner] | None = None  # until its process is gone
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None
        self.is_closed = False

    # What visitors ask

    def enter(self, wish: Wish, address: str = "") -> str:
        """The ticket of a race to come. Raises RaceError when too many are waiting, or too many of
        this address."""
        with self.changed:
            if self.is_closed or len(self.waiting()) >= WAITING + (self.running is None):
                raise RaceError(FULL)
            if address and self.count(address) >= OF_ONE:
                raise RaceError(YOURS)
            ticket = secrets.token_urlsafe(16)
            self.entries[ticket] = Entry(wish, self.clock(), address)
            self.changed.notify()
            return ticket

    def look(self, ticket: str) -> Look:
        """How a race stands. A ticket that was given back, not looked at for too long or never
        given is "stopped"."""
        with self.changed:
            entry = self.entries.get(ticket)
            if entry is None:
                return Look("stopped")
            now = entry.seen = self.clock()
            waiting, ahead, seconds = self.waiting(), 0, 0.0
            if entry in waiting:
                ahead = waiting.index(entry) + (self.running is not None)
            if entry.started is not None:
                seconds = (now if entry.ended is None else entry.ended) - entry.started
            points = tuple(entry.points)
            return Look(entry.state, entry.wish, ahead, points, round(seconds, 1), entry.fault)

    def leave(self, ticket: str) -> None:
        """Stops a race, or gives a place in the queue on."""
        with self.changed:
            self.entries.pop(ticket, None)
            self.changed.notify()

    def waiting(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.state == "waiting"]

    def count(self, address: str) -> int:
        """The races of one address that are not over."""
        states = ("waiting", "running")
        return sum(e.address == address and e.state in states for e in self.entries.values())

    # What happens meanwhile

    def tick(self) -> None:
        """Brings everything up to date."""
        with self.changed:
            now = self.clock()
            for ticket, entry in list(self.entries.items()):
                if now - entry.seen > ABSENT:
                    del self.entries[ticket]
            if self.running is not None:
                self.follow(*self.running, now)
            if self.running is not None or not (waiting := self.waiting()):
                return
        self.begin(waiting[0])  # takes milliseconds: nobody waits for the lock meanwhile

    def begin(self, entry: Entry) -> None:
        started, runner = self.clock(), None
        try:
            runner = self.start(entry.wish)
        except OSError as error:
            print(error, file=sys.stderr)
        with self.changed:
            entry.started = started
            if runner is None:
                entry.state, entry.fault, entry.ended = "failed", BROKEN, started
            else:
                entry.state, self.running = "running", (entry, runner)

    def follow(self, entry: Entry, runner: Runner, now: float) -> None:
        assert entry.started is not None
        status = runner.status()  # before the news: of a race that is over they are the last
        for message in runner.news():
            if "fault" in message:
                entry.fault = message["fault"]
            else:
                entry.points.append(message)
        if status is not None:
            runner.release()
            self.running, entry.ended = None, now
            entry.state = "failed" if status else "finished"
            entry.fault = entry.fault or (BROKEN if status else "")
        elif now - entry.started > TOO_LONG:
            entry.fault = SLOW
            runner.kill()
        elif entry not in self.entries.values():
            runner.kill()

    def open(self) -> Self:
        self.thread = threading.Thread(target=self.tend, name="race queue", daemon=True)
        self.thread.start()
        return self

    def tend(self) -> None:
        while not self.is_closed:
            with self.changed:
                if self.is_closed:  # since the line above: nobody would wake it any more
                    return
                self.changed.wait(TICK if self.entries or self.running else None)
            self.tick()

    def close(self) -> None:
        """Ends the race that runs; there are no others."""
        with self.changed:
            self.is_closed = True
            self.entries.clear()
            self.changed.notify()
        if self.thread is not None:
            self.thread.join()
        while self.running is not None:
            self.tick()
            time.sleep(0.01)
