"""How long after the pen goes up both answers stand on the page: headless Chromium draws.

The app runs as a process of its own, so that the browser's driver shares no interpreter with it.
A round is Clear, one stroke like a digit, and a wait until no request is under way and nothing
has changed for 300 ms: the answer that stands then is the complete drawing's. The pad asks while
the pen moves, one request at a time, the newest drawing next; so it asks for the complete drawing
at the pen's last movement, or when the request then under way is answered. Counted are the
milliseconds until both cards have changed for the last time (changed, not yet painted), from pen
up (0 if that was later) and from the last movement, which pen up follows at once. The peer is the
bare server: the browser's last request of the same round, the very same bytes, sent again by
plain HTTP over a connection kept open.

The window is tall enough for the board inside the nets to be in sight, so every request asks for
its pictures too. After each stroke one click takes a unit out and another puts it back: counted
are the milliseconds from each click until both cards have changed; the peer is its own request.
"""

import argparse
import asyncio
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
    async_playwright,
    expect,
)
from tqdm import tqdm

from bench import timing
from resnet import checkpoint, flags, samples
from resnet.lenses import LENSES

HERE = Path(__file__).parent
WARM_UP = 3  # rounds
UNIT = 2  # is clicked
STROKES = [strokes[0] for strokes in map(samples.sample, range(10)) if len(strokes) == 1]
WINDOW: ViewportSize = {"width": 1280, "height": 1700}  # pad, cards and the whole board
EVERY = 2  # the pen goes through every second point, one a frame


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.get_args_parser("live", __doc__, rounds=30)
    add_flags(parser)
    add_lens(parser)
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


async def launch(playwright: Playwright, args: argparse.Namespace) -> Browser:
    return await playwright.chromium.launch(
        executable_path=args.chromium, args=["--no-sandbox", "--disable-gpu"]
    )


@contextmanager
def serving(checkpoints: Path) -> Iterator[str]:
    """The address of an app on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(HERE.parent / "app.py"), "--port", str(port)]
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
    drawing = json.loads(noted["body"])["data"]
    asked = drawing["strokes"]
    if "board" not in drawing:
        sys.exit("The page did not ask for what is inside the nets.")
    if noted["trouble"] or not np.allclose(asked[-1][-1], [10 * at for at in stroke[-1]], atol=1):
        sys.exit(noted["trouble"] or "The page did not ask for the complete drawing.")
    return noted


async def unplug(page: Page, number: int) -> dict[str, Any]:
    """The page's notes on a click on a unit, which is out afterwards or back."""
    unit = page.locator(f'[data-net="residual"] [data-unit="{number}"]')
    was_out = await unit.get_attribute("aria-pressed") == "true"
    await unit.click()
    await page.wait_for_function("live.isQuiet()", polling=100)
    noted = await page.evaluate("live.read()")
    units = json.loads(noted["body"])["data"]["board"]["units"]
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


async def measure(address: str, args: argparse.Namespace) -> list[dict[str, float]]:
    """The milliseconds and counts of each counted round."""
    rounds = []
    async with async_playwright() as playwright:
        browser = await launch(playwright, args)
        page = await browser.new_page(viewport=WINDOW)
        await page.goto(address)
        await expect(page.get_by_test_id("verdict")).not_to_be_empty(timeout=20_000)
        devtools = await page.context.new_cdp_session(page)
        await page.locator(f'#board input[value="{args.lens}"]').check(force=True)
        await expect(page.get_by_test_id("board")).to_have_attribute("data-in-sight", "true")
        await page.add_script_tag(path=HERE / "live.js")
        with httpx.Client() as client:
            for number in tqdm(range(WARM_UP + args.rounds), leave=False):
                noted = await draw(page, devtools, STROKES[number % len(STROKES)])
                plain = ask(client, noted)
                clicked = [await unplug(page, UNIT) for _ in range(2)]
                answers = noted["answers"]
                rounds.append(
                    {
                        "from_up": max(0, answers[-1] - noted["up"]),
                        "from_moved": answers[-1] - noted["moved"],
                        "plain": plain,
                        "out": clicked[0]["answers"][-1] - clicked[0]["clicked"],
                        "out_plain": ask(client, clicked[0]),
                        "back": clicked[1]["answers"][-1] - clicked[1]["clicked"],
                        "back_plain": ask(client, clicked[1]),
                        "during": sum(answer < noted["up"] for answer in answers),
                        "moves": noted["moves"],
                        "lasted": noted["up"] - noted["down"],
                    }
                )
    return rounds[WARM_UP:]


def main(args: argparse.Namespace) -> None:
    with serving(args.checkpoints) as address:
        rounds = asyncio.run(measure(address, args))
    of = {key: np.array([each[key] for each in rounds]) for key in rounds[0]}
    rows = [
        [name, timing.median(of[key]), timing.p95(of[key]), timing.ratio(of[key], of[peer])]
        for name, key, peer in (
            ("pen up to both answers", "from_up", "plain"),
            ("last movement to both answers", "from_moved", "plain"),
            ("the same request, plain HTTP", "plain", "plain"),
            (f"click on unit {UNIT}: out", "out", "out_plain"),
            ("another click: back", "back", "back_plain"),
            ("without the unit, plain HTTP", "out_plain", "out_plain"),
        )
    ]
    timing.show(rows, [f"{len(rounds)} strokes", "p50 ms", "p95 ms", "times plain HTTP (95 %)"])
    print(
        f"\nLens: {args.lens}. While the pen drew: {of['during'].mean():.1f} answers a stroke, of "
        f"{of['moves'].mean():.1f} movements in {of['lasted'].mean():.0f} ms (means)."
    )
    print(timing.machine(1, "torch", "gradio", "playwright"))


if __name__ == "__main__":
    main(get_args_parser().parse_args())
