"""The cost of a race: its own time, how soon it stops, and what the pad still does beside it.

The app runs as a process of its own. A visitor starts a race at each depth and waits for the last
point; then stops some, where the time counts from the click until no process races any more. Then
another visitor draws, as in bench.live where the server reads, in turn without a race and with one
that goes on and on. Nobody else may race on this machine meanwhile.
"""

import argparse
import asyncio
import subprocess
import time

import numpy as np
from playwright.async_api import Page, async_playwright, expect

from bench import live, timing
from resnet.studies.race import DEPTHS

STOPS = 5
TURNS = 5  # without a race and with one
LONG = 120_000  # milliseconds; a race that takes longer than that is broken


def get_args_parser() -> argparse.ArgumentParser:
    parser = live.get_args_parser()
    parser.prog, parser.description = "python -m bench.race", __doc__
    parser.set_defaults(rounds=8)
    return parser


async def start(page: Page, depth: int) -> None:
    """A race of so many layers, from the click."""
    race = page.get_by_test_id("race")
    await race.locator(f'[name="race-depth"][value="{depth}"]').check(force=True)
    await race.get_by_role("button", name="Start").click()


async def finished(page: Page) -> None:
    await expect(page.get_by_test_id("race-finding")).not_to_be_empty(timeout=LONG)


async def stopped(page: Page) -> float:
    """Seconds from the click on Stop until no process races."""
    await start(page, DEPTHS[0])
    state = page.get_by_test_id("race-state")
    await expect(state).to_contain_text("step", timeout=LONG)
    began = time.perf_counter()
    await page.get_by_role("button", name="Stop").click()
    racing = ["pgrep", "-f", "resnet.studies.race --depth"]
    while subprocess.run(racing, capture_output=True).returncode == 0:
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


async def measure(address: str, args: argparse.Namespace) -> list[list[str]]:
    rows = []
    async with async_playwright() as playwright:
        browser = await live.launch(playwright, args)
        page = await browser.new_page(bypass_csp=True, viewport=live.WINDOW)
        await page.goto(address)
        await page.get_by_role("tab", name="Fair race").click()
        await expect(page.get_by_test_id("race-picture").locator("svg").first).to_be_attached()
        for depth in DEPTHS:
            began = time.perf_counter()
            await start(page, depth)
            await finished(page)
            seconds = time.perf_counter() - began
            rows.append([f"race of {depth} layers, start to last point", f"{seconds:.1f} s"])
        stops = [await stopped(page) for _ in range(STOPS)]
        rows.append([f"stop to no process, the longest of {STOPS}", f"{max(stops):.2f} s"])

        found: dict[str, list[list[float]]] = {"no race": [], "a race": []}
        for _ in range(TURNS):
            for name, turns in found.items():
                endless = asyncio.create_task(race_on(page)) if name == "a race" else None
                rounds = (await live.measure(address, args, [live.SERVER]))[live.SERVER]
                if endless and not endless.cancel():
                    endless.result()  # it has failed, and there was no race
                turns.append([each["from_up"] for each in rounds])
        await browser.close()
    for name, turns in found.items():
        of_all = np.concatenate(turns)
        figures = f"{timing.median(of_all)} and {timing.p95(of_all)} ms"
        rows.append([f"pen up to both answers beside {name}, p50 and p95", figures])
    over, under = (np.median(found[name], axis=1) for name in ("a race", "no race"))
    rows.append(
        [f"beside a race, times as long (median of {TURNS} turns)", timing.ratio(over, under)]
    )
    return rows


async def race_on(page: Page) -> None:
    """One race after the other, of the deepest nets."""
    while True:
        await start(page, DEPTHS[-1])
        await finished(page)


def main(args: argparse.Namespace) -> None:
    with live.serving(args.checkpoints) as address:
        rows = asyncio.run(measure(address, args))
    timing.show(rows, [f"{TURNS} turns of {args.rounds} strokes", "measured"])
    print("\n" + timing.machine(1, "torch", "gradio", "playwright"))


if __name__ == "__main__":
    main(get_args_parser().parse_args())
