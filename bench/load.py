"""Measure the load of many visitors on one server: read by it, or in their browsers.

The app runs as a process of its own, anew for every row of visitors. First a headless Chromium
visits it once, and what it asks for is noted. Then all visitors arrive at the same moment: each
loads the same over six connections, as a browser does, with the worker's files or without. Then
they draw for some seconds, one stroke after the other with a pause to look at the answer.

Who asks the server does it as the page does with the board in sight: one question is under way at
a time, the newest drawing goes next, and no sooner than 60 ms after the one before, which is how
often the page gets to ask while a pen moves (see bench.live). Counted are the milliseconds from
pen up until the complete drawing is answered. A visitor whose browser reads has nothing to ask.

The visitors are one process on the server's machine, whose share of the processor stands beside the
server's: where that is high, as while they load, the milliseconds are more of their making.
"""

import argparse
import asyncio
import itertools
import math
import sys
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import psutil
from playwright.async_api import Request, async_playwright, expect
from tqdm import tqdm

from bench import live, timing
from bench.parity import board
from resnet import flags, samples
from resnet.surgery import INTACT

LASTS = 0.7  # seconds, a stroke
EVERY = 0.06  # seconds
PAUSE = 0.5, 1.5  # seconds; of various lengths, or the visitors would draw in step
WORKERS = "/ui/worker/", "/ui/vendor/", "/nets/"  # what the page's worker alone asks for
CONNECTIONS = httpx.Limits(max_connections=6)


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.bare_parser("load", __doc__)
    parser.add_argument(
        "--visitors",
        type=flags.at_least(1),
        nargs="+",
        default=[8, 32, 64],
        metavar="N",
        help="at the same time; default: 8 32 64",
    )
    parser.add_argument(
        "--seconds",
        type=flags.at_least(1),
        default=20,
        metavar="N",
        help="that they draw; default: %(default)s",
    )
    live.add_flags(parser)
    live.add_lens(parser)
    return parser


# --- what a browser asks for ---------------------------------------------------------------------


@dataclass(frozen=True)
class Visit:
    """The paths that a browser requests, and a question as it posts it."""

    page: list[str]
    worker: list[str]
    asking: str  # the path of a question
    question: dict[str, Any]


async def visited(address: str, args: argparse.Namespace) -> Visit:
    """Noted from one first visit, until the worker has all that it loads."""
    asked: list[Request] = []
    async with async_playwright() as playwright:
        browser = await live.launch(playwright, args)
        page = await browser.new_page(bypass_csp=True, viewport=live.WINDOW)
        # Finished: the one that Gradio keeps open for as long as the page is, never is.
        page.on("requestfinished", lambda one: asked.append(one))
        await page.goto(address)
        await expect(page.get_by_test_id("verdict")).not_to_be_empty(timeout=120_000)
        if failure := await page.evaluate(live.PREPARED):
            sys.exit(failure)
        await page.wait_for_load_state("networkidle", timeout=120_000)
        await browser.close()
    got = [one.url.removeprefix(address) for one in asked if one.method == "GET"]
    got = [path for path in got if path.startswith("/")]  # the rest is written in its address
    posted = [one for one in asked if one.method == "POST" and "component_server" in one.url]
    question = next(one for one in posted if (one.post_data_json or {}).get("fn_name") == "read")
    return Visit(
        [path for path in got if not path.startswith(WORKERS)],
        [path for path in got if path.startswith(WORKERS)],
        question.url.removeprefix(address),
        dict(question.post_data_json or {}),
    )


# --- visitors ------------------------------------------------------------------------------------


class Visitor:
    def __init__(self, address: str, visit: Visit, number: int, lens: str) -> None:
        self.visit = visit
        self.board = board(INTACT, lens)
        self.random = np.random.default_rng(number)
        self.requests = 0
        # Nothing here is encrypted, and loading certificates takes longer than an answer.
        self.http = httpx.AsyncClient(
            base_url=address, limits=CONNECTIONS, timeout=120, verify=False
        )

    async def arrive(self, paths: Sequence[str]) -> list[float]:
        """Milliseconds until all is there."""
        began = time.perf_counter()
        await asyncio.gather(*map(self.fetch, paths))
        return [1000 * (time.perf_counter() - began)]

    async def fetch(self, path: str) -> None:
        """And leave it packed: unpacking the nets would keep the other visitors waiting."""
        self.requests += 1
        async with self.http.stream("GET", path) as reply:
            reply.raise_for_status()
            async for _ in reply.aiter_raw():
                pass

    async def ask(self, stroke: samples.Stroke) -> None:
        data = {"strokes": [[[10 * at for at in point] for point in stroke]], "board": self.board}
        self.requests += 1
        reply = await self.http.post(self.visit.asking, json=self.visit.question | {"data": data})
        if "answers" not in reply.raise_for_status().json():
            sys.exit(f"The server says {reply.text}")

    async def draw(self, seconds: float) -> list[float]:
        """Milliseconds from pen up to the answer, of every stroke that began in time."""
        waited = []
        end = time.perf_counter() + seconds
        await asyncio.sleep(self.random.uniform(0, LASTS + PAUSE[1]))
        while time.perf_counter() < end:
            stroke = live.STROKES[self.random.integers(len(live.STROKES))]
            up = time.perf_counter() + LASTS
            while (now := time.perf_counter()) < up:
                await self.ask(stroke[: math.ceil(len(stroke) * (1 - (up - now) / LASTS))])
                await asyncio.sleep(min(now + EVERY, up) - time.perf_counter())
            await self.ask(stroke)
            waited.append(1000 * (time.perf_counter() - up))
            await asyncio.sleep(self.random.uniform(*PAUSE))
        return waited

    async def draw_here(self, seconds: float) -> list[float]:
        """The browser reads."""
        await asyncio.sleep(seconds)
        return []


async def crowd(
    address: str, visit: Visit, is_here: bool, count: int, args: argparse.Namespace
) -> list[list[str]]:
    """A row for the arrival of so many visitors, and one for what they do then."""
    (server,) = psutil.Process().children()
    visitors = [Visitor(address, visit, number, args.lens) for number in range(count)]
    paths = visit.page + (visit.worker if is_here else [])

    async def measured(name: str, of_each: list[Coroutine[Any, Any, list[float]]]) -> list[str]:
        before, began = server.cpu_times(), time.perf_counter()
        own = time.process_time()
        requests = sum(visitor.requests for visitor in visitors)
        waited = await asyncio.gather(*of_each)
        took, after = time.perf_counter() - began, server.cpu_times()
        requests = sum(visitor.requests for visitor in visitors) - requests
        own = time.process_time() - own
        busy = after.user + after.system - before.user - before.system
        every = np.concatenate(waited)
        times = ["-"] * 3
        if every.size:
            worst = max(np.percentile(each, 95) for each in waited if each)
            times = [timing.median(every), timing.p95(every), timing.shown(worst)]
        return [
            str(count),
            name,
            f"{requests / took:.1f}",
            f"{busy / took / psutil.cpu_count():.0%}",
            f"{own / took / psutil.cpu_count():.0%}",
            *times,
            f"{server.memory_info().rss / 2**20:.0f} MB",
        ]

    way = "reading in the browser" if is_here else "asking the server"
    what = "loading page and worker" if is_here else "loading the page"
    rows = [
        await measured(what, [visitor.arrive(paths) for visitor in visitors]),
        await measured(
            way,
            [
                (visitor.draw_here if is_here else visitor.draw)(args.seconds)
                for visitor in visitors
            ],
        ),
    ]
    await asyncio.gather(*(visitor.http.aclose() for visitor in visitors))
    return rows


def main(args: argparse.Namespace) -> None:
    with live.serving(args.checkpoints) as address:
        visit = asyncio.run(visited(address, args))
    rows = []
    ways = itertools.product((False, True), args.visitors)
    for is_here, count in tqdm([*ways], leave=False):
        with live.serving(args.checkpoints) as address:
            rows += asyncio.run(crowd(address, visit, is_here, count, args))
    headers = [
        "visitors",
        "all at once",
        "requests a second",
        "server CPU, of all cores",
        "visitors' CPU",
    ]
    headers += ["p50 ms", "p95 ms", "worst visitor's p95 ms", "server memory"]
    timing.show(rows, headers)
    print(
        f"\nLens: {args.lens}. Drawing: {args.seconds} s. "
        f"A page is {len(visit.page)} files, the worker {len(visit.worker)} more."
    )
    print(timing.machine(1, "torch", "gradio", "httpx"))


if __name__ == "__main__":
    main(get_args_parser().parse_args())
