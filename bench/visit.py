"""Measure a first visit and the memory of a long one, in headless Chromium.

The app runs as a process of its own. Each visit has an empty cache, and a network as fast as the
machine or slowed down by the browser. Counted from its beginning are the seconds, and the bytes
that came, until both cards have their first answer and until the page's worker gave its own: a
sample is drawn as soon as it is ready. Layout shift is the worst burst until then, as web-vitals
counts it. Bytes are as sent, headers too. Figures are medians. One more visit tells by name what
came in all.

Then one visitor draws on and on, each sample when the worker has answered the one before, with the
board in sight. Counted are, once page and worker have collected their garbage, the page's
JavaScript heap, the tensors that the worker holds, and the memory of the tab's process, the
worker's included, that it shares with no other. A leak would go on growing with the drawings.
"""

import argparse
import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
from playwright.async_api import Browser, Page, Request, ViewportSize, async_playwright
from tqdm import tqdm

from bench import live, timing
from resnet import flags

SCRIPT = Path(__file__).with_suffix(".js")
WINDOW: ViewportSize = {"width": 1280, "height": 800}  # what lies below it does not shift
Network = tuple[float, float]  # Mbit/s both ways, ms of latency
NETWORKS: dict[str, Network | None] = {
    "this machine": None,
    "10 Mbit/s, 40 ms": (10, 40),
    "1.6 Mbit/s, 150 ms": (1.6, 150),
}
# Garbage can be collected, and memory is not told in steps.
EXACT = ("--js-flags=--expose-gc", "--enable-precise-memory-info")
TAB = "renderer"  # Chromium's word for its process
# Where what a visit loads lies: the first that an address begins with.
PLACES = {
    "/nets/": "",  # by file
    "/ui/vendor/": "tensor runtime",
    "/ui/worker/": "the worker's scripts",
    "/ui/": "the page's scripts",
    "/": "document and Gradio",
}
MEMORY = """async () => {
    const { memory } = await import(new URL("runtime.js", location.href).href);
    gc();
    return memory();
}"""
LONG = 300_000  # ms; a visit that takes longer is broken


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.get_args_parser("visit", __doc__, rounds=3)
    live.add_flags(parser)
    parser.add_argument(
        "--drawings",
        type=flags.at_least(1),
        nargs="+",
        default=[1, 100, 1000, 3000],
        metavar="N",
        help="after which memory is counted, in rising order; default: 1 100 1000 3000",
    )
    return parser


async def arrived(browser: Browser, window: ViewportSize) -> Page:
    """An empty page that has seen nothing yet."""
    context = await browser.new_context(bypass_csp=True, viewport=window)
    page = await context.new_page()
    page.set_default_timeout(LONG)
    await page.add_init_script(path=SCRIPT)
    return page


async def megabytes_of(requests: Sequence[Request]) -> list[float]:
    sizes = [await request.sizes() for request in requests]
    return [(one["responseHeadersSize"] + one["responseBodySize"]) / 1e6 for one in sizes]


async def visit(browser: Browser, address: str, network: Network | None) -> dict[str, float]:
    page = await arrived(browser, WINDOW)
    if network:
        rate, latency = network
        await live.slow_down(await page.context.new_cdp_session(page), latency, rate)
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))

    await page.goto(address, wait_until="commit")
    await page.wait_for_function("visit.read().answered", polling=20)
    first_megabytes = sum(await megabytes_of([*finished]))
    here = await page.evaluate("visit.draw(1)")
    here_megabytes = sum(await megabytes_of([*finished]))
    noted = await page.evaluate("visit.read()")
    await page.context.close()
    return {
        "first": noted["answered"] / 1000,
        "first_megabytes": first_megabytes,
        "here": here / 1000,
        "here_megabytes": here_megabytes,
        "shift": noted["shift"],
    }


async def visits(browser: Browser, address: str, rounds: int) -> list[list[str]]:
    """A row for each network."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in NETWORKS}
    # The first is not counted: the server makes the worker's files when they are first asked for.
    await visit(browser, address, None)
    for _ in tqdm(range(rounds), leave=False):
        for name, network in NETWORKS.items():
            found[name].append(await visit(browser, address, network))
    rows = []
    for name, each in found.items():
        of = {key: float(np.median([one[key] for one in each])) for key in each[0]}
        row = [name]
        for which in ("first", "here"):
            row += [f"{of[which]:.1f} s", f"{of[f'{which}_megabytes']:.2f} MB"]
        rows.append([*row, f"{of['shift']:.3f}"])
    return rows


def name_of(address: str) -> str:
    path = urlsplit(address).path
    place = next(place for place in PLACES if path.startswith(place))
    return PLACES[place] or path.removeprefix(place).split(".")[0]


async def loads(browser: Browser, address: str) -> list[list[str]]:
    """A row for each kind of file that a visit loads, in the order in which they come."""
    page = await arrived(browser, WINDOW)
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))
    await page.goto(address)
    await page.evaluate("visit.draw(1)")
    await page.wait_for_load_state("networkidle")
    came = [*finished]
    sizes: dict[str, list[float]] = {}
    for request, size in zip(came, await megabytes_of(came), strict=True):
        sizes.setdefault(name_of(request.url), []).append(size)
    await page.context.close()
    return [[name, f"{len(of)}", f"{sum(of):.2f} MB"] for name, of in sizes.items()]


async def long_visit(browser: Browser, address: str, drawings: Sequence[int]) -> list[list[str]]:
    """A row for every so many drawings."""
    page = await arrived(browser, live.WINDOW)
    await page.goto(address)
    await page.wait_for_function("visit.read().answered")
    await page.wait_for_load_state("networkidle")
    of_browser = await browser.new_browser_cdp_session()
    rows = []
    for before, count in itertools.pairwise([0, *drawings]):
        await page.evaluate(f"visit.draw({count - before})")
        (worker,) = page.workers
        held = await worker.evaluate(MEMORY)
        heap = await page.evaluate("(gc(), performance.memory.usedJSHeapSize)")
        told = await of_browser.send("SystemInfo.getProcessInfo")
        tabs = [psutil.Process(one["id"]) for one in told["processInfo"] if one["type"] == TAB]
        # Chromium keeps an empty one ready.
        own = max(tab.memory_full_info().uss for tab in tabs)
        sizes = [f"{size / 2**20:.1f} MB" for size in (heap, held["numBytes"], own)]
        rows.append([f"{count}", sizes[0], f"{held['numTensors']}", *sizes[1:]])
    return rows


async def measure(address: str, args: argparse.Namespace) -> None:
    async with async_playwright() as playwright:
        browser = await live.launch(playwright, args)
        rows = await visits(browser, address, args.rounds)
        headers = ["first answer", "bytes until then", "the worker's first", "bytes until then"]
        timing.show(rows, [f"median of {args.rounds} visits", *headers, "layout shift"])
        print()
        timing.show(await loads(browser, address), ["a visit loads", "files", "bytes"])
        await browser.close()
        browser = await live.launch(playwright, args, *EXACT)
        print()
        rows = await long_visit(browser, address, args.drawings)
        headers = ["JavaScript heap", "tensors", "their bytes", "memory of the tab"]
        timing.show(rows, ["drawings read", *headers])
        await browser.close()


def main(args: argparse.Namespace) -> None:
    with live.serving(args.checkpoints) as address:
        asyncio.run(measure(address, args))
    print("\n" + timing.machine(1, "torch", "gradio", "playwright"))


if __name__ == "__main__":
    main(get_args_parser().parse_args())
