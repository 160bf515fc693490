"""How long after the pen goes up both answers stand on the page: headless Chromium draws.

The app runs as a process of its own, so that the browser's driver shares no interpreter with it.
A round is Clear, one stroke like a digit, and a wait until no request is under way and nothing
has changed for 300 ms: the answer that stands then is the complete drawing's. The pad asks while
the pen moves, one request at a time, the newest drawing next; so it asks for the complete drawing
at the pen's last movement, or when the request then under way is answered. Counted are the
milliseconds until both cards have changed for the last time (changed, not yet painted), from pen
up (0 if that was later) and from the last movement, which pen up follows at once.

Two pages take turns: one whose worker reads the drawings, and one without workers, which asks the
server. The peer is the bare server: the second page's last request of the same round, the very
same bytes, sent again by plain HTTP over a connection kept open.

The window is tall enough for the board inside the nets to be in sight, so every question asks for
its pictures too. After each stroke one click takes a unit out and another puts it back: counted
are the milliseconds from each click until both cards have changed.

--deeper measures the deeper nets of the part below the board, too: until all six have answered, and
what their reading costs the pad.

--latency delays every request of both pages, as a slow network does.

--slowdown is a slower processor. Chromium has one for pages but refuses it to their workers, so the
processes of both pages are stopped for a few ms at a time, most of the time. How much longer a loop
takes then, in the page and in its worker, is measured and printed.
"""

import argparse
import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from playwright.async_api import (
    Browser,
    CDPSession,
    Page,
    Playwright,
    ViewportSize,
    Worker,
    async_playwright,
    expect,
)
from tqdm import tqdm

from bench import timing
from resnet import checkpoint, flags, samples
from resnet.lenses import LENSES

FOLDER = Path(__file__).parent
HERE, SERVER = "here", "by the server"
WAYS = (HERE, SERVER)
NO_WORKERS = 'window.Worker = class { constructor() { throw new Error("Not here."); } }'
# Until the page's worker is ready, or has failed: then why.
PREPARED = """async () => {
    const { page } = await import(new URL("ui/page.js", document.baseURI));
    await page.state.reading.prepare();
    return page.state.reading.failure;
}"""
WARM_UP = 3  # rounds
UNIT = 2  # is clicked
STROKES = [strokes[0] for strokes in map(samples.sample, range(10)) if len(strokes) == 1]
WINDOW: ViewportSize = {"width": 1280, "height": 1700}  # pad, cards and the whole board
TALL: ViewportSize = {"width": 1280, "height": 2300}  # and the deeper nets
SLICE = 0.002  # s that a slowed process runs for at a time
# Its time in ms is taken, in the page or in the worker.
LOOP = """() => {
    const start = performance.now();
    for (let i = 0, sum = 0; i < 2e7; i++) sum += i % 7;
    return performance.now() - start;
}"""
EVERY = 2  # the pen goes through every second point, one a frame


@dataclass(frozen=True)
class Drawn:
    """A page that is drawn on."""

    page: Page
    devtools: CDPSession


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.get_args_parser("live", __doc__, rounds=30)
    add_flags(parser)
    add_lens(parser)
    parser.add_argument("--deeper", action="store_true", help="with the deeper nets in sight")
    parser.add_argument(
        "--latency", type=flags.at_least(0), default=0, metavar="MS", help="default: %(default)s"
    )
    parser.add_argument(
        "--slowdown",
        type=flags.at_least(1),
        default=1,
        metavar="TIMES",
        help="default: %(default)s",
    )
    return parser


def add_lens(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lens", choices=LENSES, default=LENSES[0], help="default: %(default)s")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Of every bench in which a browser visits the app."""
    flags.add_checkpoints(parser)
    parser.add_argument(
        "--chromium",
        default=shutil.which("chromium"),
        metavar="FILE",
        help="default: the chromium on the PATH, or else Playwright's own",
    )


async def launch(playwright: Playwright, args: argparse.Namespace, *options: str) -> Browser:
    """Headless, with more of Chromium's own options."""
    return await playwright.chromium.launch(
        executable_path=args.chromium, args=["--no-sandbox", "--disable-gpu", *options]
    )


@contextmanager
def serving(checkpoints: Path) -> Iterator[str]:
    """The address of an app on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(FOLDER.parent / "app.py"), "--port", str(port)]
    command += ["--checkpoints", str(checkpoints)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            if not server.stdout.readline():  # it prints its address once it serves
                sys.exit("The app did not start.")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


async def draw(page: Page, devtools: CDPSession, stroke: samples.Stroke) -> dict[str, Any]:
    """The page's notes between pen down and quiet."""

    async def pen(does: str, point: tuple[float, float]) -> None:
        event = {"type": does, "button": "left", "buttons": 1, "clickCount": 1}
        await devtools.send("Input.dispatchMouseEvent", event | dict(zip("xy", point, strict=True)))

    await page.locator('[data-do="clear"]').click()
    box = await page.get_by_test_id("pad").bounding_box()
    assert box is not None
    scale = box["width"] / 100
    points = [(box["x"] + x * scale, box["y"] + y * scale) for x, y in stroke]
    first, *between, last = points[::-EVERY][::-1]
    await pen("mousePressed", first)
    for point in between:
        await pen("mouseMoved", point)
    # Sent together: Playwright's mouse waits a frame between the two, in which a quick server
    # has answered already, and the measure would be 0.
    await asyncio.gather(pen("mouseMoved", last), pen("mouseReleased", last))
    await page.wait_for_function("live.isQuiet()", polling=100)
    noted = await page.evaluate("live.read()")
    asked = noted["asked"]["strokes"]
    if "board" not in noted["asked"]:
        sys.exit("The page did not ask for what is inside the nets.")
    if noted["trouble"] or not np.allclose(asked[-1][-1], [10 * at for at in stroke[-1]], atol=1):
        sys.exit(noted["trouble"] or "The page did not ask for the complete drawing.")
    return noted


async def unplug(page: Page, number: int) -> dict[str, Any]:
    """The page's notes on a click on a unit, which is out afterwards or back."""
    unit = page.locator(f'[data-net="residual"] [data-unit="{number}"]')
    was_out = await unit.get_attribute("data-out") is not None
    await unit.click()
    await page.wait_for_function("live.isQuiet()", polling=100)
    noted = await page.evaluate("live.read()")
    units = noted["asked"]["board"]["units"]
    if noted["trouble"] or units[number - 1]["is_out"] == was_out:
        sys.exit(noted["trouble"] or "The page did not ask without the unit.")
    return noted


def ask(client: httpx.Client, noted: dict[str, Any]) -> float:
    """Milliseconds of the round's last request by plain HTTP; the page must say what it says."""
    headers = {"Content-Type": "application/json"}
    reply = client.post(noted["address"], content=noted["body"], headers=headers)
    answers = reply.raise_for_status().json()["answers"]
    digits = [answers[variant]["digit"] for variant in checkpoint.VARIANTS]
    if noted["digits"] != ["" if digit is None else str(digit) for digit in digits]:
        sys.exit(f"The page shows {noted['digits']}, the server reads {digits}.")
    return 1000 * reply.elapsed.total_seconds()


async def opened(
    browser: Browser, address: str, lens: str, way: str, with_deeper: bool = False
) -> Drawn:
    """The page, ready to be drawn on."""
    page = await browser.new_page(bypass_csp=True, viewport=TALL if with_deeper else WINDOW)
    if way == SERVER:
        await page.add_init_script(NO_WORKERS)
    await page.goto(address)
    await expect(page.get_by_test_id("verdict")).not_to_be_empty(timeout=20_000)
    devtools = await page.context.new_cdp_session(page)
    await page.locator(f'#board input[value="{lens}"]').check(force=True)
    await expect(page.get_by_test_id("board")).to_have_attribute("data-in-sight", "true")
    failure = await page.evaluate(PREPARED)
    if failure and way == HERE:
        sys.exit(failure)
    if with_deeper:
        answered = page.get_by_test_id("deeper")
        await expect(answered).to_have_attribute("data-answer-id", "1", timeout=60_000)
    await page.add_script_tag(path=FOLDER / "live.js")
    return Drawn(page, devtools)


async def slow_down(devtools: CDPSession, latency: float, rate: float | None = None) -> None:
    """The page and its worker, by ms of latency, and to Mbit/s both ways."""
    throughput = -1 if rate is None else rate * 1e6 / 8  # -1: as fast as it is
    conditions = {
        "offline": False,
        "latency": latency,
        "downloadThroughput": throughput,
        "uploadThroughput": throughput,
    }
    await devtools.send("Network.emulateNetworkConditions", conditions)


async def processes(browser: Browser) -> list[int]:
    """Those in which its pages run, each with its worker."""
    devtools = await browser.new_browser_cdp_session()
    found = (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]
    return [process["id"] for process in found if process["type"] == "renderer"]


@contextmanager
def slowed(running: Sequence[int], times: int) -> Iterator[None]:
    """Processes that many times slower than they are."""
    over = threading.Event()

    def tell(what: signal.Signals) -> None:
        for process in running:
            os.kill(process, what)

    def take_turns() -> None:
        while times > 1 and not over.is_set():
            tell(signal.SIGSTOP)
            time.sleep((times - 1) * SLICE)
            tell(signal.SIGCONT)
            time.sleep(SLICE)

    turns = threading.Thread(target=take_turns)
    turns.start()
    try:
        yield
    finally:
        over.set()
        turns.join()


async def loops(page: Page) -> list[float]:
    """The milliseconds of a loop in the page and in each of its workers: the median of five."""
    places: list[Page | Worker] = [page, *page.workers]
    return [float(np.median([await place.evaluate(LOOP) for _ in range(5)])) for place in places]


async def one_round(
    drawn: Drawn, stroke: samples.Stroke
) -> tuple[dict[str, float], dict[str, Any]]:
    """The milliseconds and counts of a stroke and two clicks, and what was last asked after it."""
    noted = await draw(drawn.page, drawn.devtools, stroke)
    out, back = [await unplug(drawn.page, UNIT) for _ in range(2)]
    answers = noted["answers"]
    lasted = noted["up"] - noted["down"]
    during = sum(answer < noted["up"] for answer in answers)
    figures = {
        "from_up": max(0, answers[-1] - noted["up"]),
        "from_moved": answers[-1] - noted["moved"],
        "out": out["answers"][-1] - out["clicked"],
        "back": back["answers"][-1] - back["clicked"],
        "during": during,
        "a_second": 1000 * during / lasted,
        "moves": noted["moves"],
        "lasted": lasted,
        "frame": noted["frame"],
    }
    # Where they are in sight they have answered.
    figures["deeper"] = max(0, noted["deeper"][-1] - noted["up"]) if noted["deeper"] else np.nan
    return figures, noted


async def measure(
    address: str, args: argparse.Namespace, ways: Sequence[str] = WAYS
) -> dict[str, list[dict[str, float]]]:
    """The figures of each counted round, by who read."""
    rounds: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    async with async_playwright() as playwright:
        browser = await launch(playwright, args)
        pages = {way: await opened(browser, address, args.lens, way, args.deeper) for way in ways}
        if args.latency:
            for drawn in pages.values():
                await slow_down(drawn.devtools, args.latency)
        quick = {}
        if args.slowdown > 1:
            quick = {way: await loops(drawn.page) for way, drawn in pages.items()}
        with httpx.Client() as client, slowed(await processes(browser), args.slowdown):
            for way, before in quick.items():
                slow = np.divide(await loops(pages[way].page), before)
                print(f"Read {way}: page and workers run {slow.round(1)} times slower.")
            for number in tqdm(range(WARM_UP + args.rounds), leave=False):
                for way, drawn in pages.items():
                    await drawn.page.bring_to_front()
                    figures, noted = await one_round(drawn, STROKES[number % len(STROKES)])
                    if way == SERVER:
                        figures["plain"] = ask(client, noted)
                    rounds[way].append(figures)
    return {way: found[WARM_UP:] for way, found in rounds.items()}


def main(args: argparse.Namespace) -> None:
    with serving(args.checkpoints) as address:
        rounds = asyncio.run(measure(address, args))
    of = {
        way: {key: np.array([each[key] for each in found]) for key in found[0]}
        for way, found in rounds.items()
    }
    plain = of[SERVER]["plain"]
    rows = [
        [name, way, timing.median(one[key]), timing.p95(one[key]), timing.ratio(one[key], plain)]
        for name, key in (
            ("pen up to both answers", "from_up"),
            ("last movement to both answers", "from_moved"),
            ("pen up to all deeper answers", "deeper"),
            (f"click on unit {UNIT}: out", "out"),
            ("another click: back", "back"),
        )
        for way, one in of.items()
        if key != "deeper" or args.deeper
    ]
    rows.append(["the same request, plain HTTP", "", timing.median(plain), timing.p95(plain), ""])
    headers = [f"{args.rounds} strokes", "read", "p50 ms", "p95 ms", "times plain HTTP (95 %)"]
    timing.show(rows, headers)
    rows = [
        [
            way,
            f"{one['during'].mean():.1f}",
            f"{one['a_second'].mean():.1f}",
            f"{one['moves'].mean():.1f}",
            f"{one['lasted'].mean():.0f}",
            f"{one['frame'].max():.0f}",
        ]
        for way, one in of.items()
    ]
    print()
    headers = ["while the pen drew, read", "answers a stroke", "a second", "movements", "ms"]
    timing.show(rows, [*headers, "longest frame, ms"])
    how = f", every request {args.latency} ms late" if args.latency else ""
    how += f", processor {args.slowdown} times slower" if args.slowdown > 1 else ""
    print(f"\nLens: {args.lens}{how}; means over the strokes.")
    print(timing.machine(1, "torch", "gradio", "playwright"))


if __name__ == "__main__":
    main(get_args_parser().parse_args())
