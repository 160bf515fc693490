"""How long after a click on "Shake it" the pictures stand on the page, in headless Chromium.

The app runs as a process of its own; the page's worker computes. A round is a click at each depth,
which draws new first weights and new noise. Counted are the milliseconds from the click until the
pictures of both nets have been drawn and the browser has come to its next frame.
"""

import argparse
import asyncio
import sys

from playwright.async_api import async_playwright, expect

from bench import live, timing
from resnet.studies.shake import BATCH, DEPTHS

WARM_UP = 3  # rounds
# A click, and the ms until its seed stands on the page, which is set last.
CLICK = """() => new Promise((resolve) => {
    const section = document.querySelector(".shake");
    const start = performance.now();
    const observer = new MutationObserver(() => {
        observer.disconnect();
        requestAnimationFrame(() => resolve(performance.now() - start));
    });
    observer.observe(section, { attributeFilter: ["data-seed"] });
    section.querySelector("[data-shake]").click();
})"""


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.get_args_parser("shake", __doc__, rounds=40)
    live.add_flags(parser)
    return parser


async def measure(address: str, args: argparse.Namespace) -> dict[int, list[float]]:
    """The milliseconds of each counted round, by layers."""
    found: dict[int, list[float]] = {layers: [] for layers in DEPTHS}
    async with async_playwright() as playwright:
        browser = await live.launch(playwright, args)
        page = await browser.new_page(bypass_csp=True)
        await page.goto(address)
        await expect(page.get_by_test_id("verdict")).not_to_be_empty(timeout=20_000)
        failure = await page.evaluate(live.PREPARED)
        if failure:
            sys.exit(failure)
        await page.get_by_role("tab", name="Depth").click()
        shake = page.get_by_test_id("shake")
        await shake.scroll_into_view_if_needed()
        for number in range(WARM_UP + args.rounds):
            for layers, times in found.items():
                await shake.locator(f'[name="shake-layers"][value="{layers}"]').check(force=True)
                await expect(page.get_by_test_id("shake-says")).to_contain_text(f"{layers} layers")
                await expect(shake).to_have_attribute("aria-busy", "false")
                taken = await page.evaluate(CLICK)
                if number >= WARM_UP:
                    times.append(taken)
        await browser.close()
    return found


def main(args: argparse.Namespace) -> None:
    with live.serving(args.checkpoints) as address:
        found = asyncio.run(measure(address, args))
    rows = [
        [f"{layers}", timing.median(times), timing.p95(times)] for layers, times in found.items()
    ]
    timing.show(rows, ["layers", "click to pictures, p50 ms", "p95 ms"])
    print(f"\n{args.rounds} clicks a depth, two nets, two batches of {BATCH} pictures each.")
    print(timing.machine(1, "playwright"))


if __name__ == "__main__":
    main(get_args_parser().parse_args())
