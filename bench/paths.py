"""How long after the pen goes up all nets with units out have answered: headless Chromium draws.

The app runs as a process of its own; the page's worker reads. Two pages take turns: one with the
board and the triangles of all nets in sight, and one without the triangles. A round is Clear, one
stroke like a digit, and a wait until nothing is asked any more (see bench.live), then a click on a
sample. Counted are the milliseconds from pen up to both answers, on both pages, and from pen up and
from the click until both triangles show the drawing (changed, not yet painted). Last the worker is
asked for each net's triangle by itself.
"""

import argparse
import asyncio

import numpy as np
from playwright.async_api import Browser, ViewportSize, async_playwright
from tqdm import tqdm

from bench import live, timing
from resnet import checkpoint

WITH, WITHOUT = "in sight", "not on the page"
WINDOW: ViewportSize = {"width": 1280, "height": 2200}  # pad, cards, board and triangles
HIDDEN = "#paths { display: none }"
SAMPLES = (3, 7)  # in turn: a click on the one that is there would change nothing


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.get_args_parser("paths", __doc__, rounds=30)
    live.add_flags(parser)
    live.add_lens(parser)
    return parser


async def opened(browser: Browser, address: str, lens: str, which: str) -> live.Drawn:
    drawn = await live.opened(browser, address, lens, live.HERE)
    await drawn.page.set_viewport_size(WINDOW)
    if which == WITHOUT:
        await drawn.page.add_style_tag(content=HIDDEN)
    await drawn.page.add_script_tag(path=live.FOLDER / "paths.js")
    return drawn


async def one_round(drawn: live.Drawn, number: int, which: str) -> dict[str, float]:
    page = drawn.page
    await page.bring_to_front()
    noted = await live.draw(page, drawn.devtools, live.STROKES[number % len(live.STROKES)])
    figures = {"answers": max(0, noted["answers"][-1] - noted["up"])}
    if which == WITHOUT:
        return figures
    figures["dots"] = (await page.evaluate("paths.read()"))["shown"] - noted["up"]
    await page.locator(f'[data-sample="{SAMPLES[number % 2]}"]').click()
    await page.wait_for_function("paths.isShown()", polling=50)
    noted = await page.evaluate("paths.read()")
    figures["click"] = noted["shown"] - noted["clicked"]
    for variant in checkpoint.VARIANTS:
        asked = await page.evaluate("(net) => paths.ask(net)", variant)
        figures |= {variant: asked["lasted"], f"{variant} nets": asked["nets"]}
    return figures


async def measure(address: str, args: argparse.Namespace) -> dict[str, dict[str, np.ndarray]]:
    """The figures of all counted rounds, by page."""
    rounds: dict[str, list[dict[str, float]]] = {WITH: [], WITHOUT: []}
    async with async_playwright() as playwright:
        browser = await live.launch(playwright, args)
        pages = {which: await opened(browser, address, args.lens, which) for which in rounds}
        for number in tqdm(range(live.WARM_UP + args.rounds), leave=False):
            for which, drawn in pages.items():
                rounds[which].append(await one_round(drawn, number, which))
    return {
        which: {key: np.array([one[key] for one in found[live.WARM_UP :]]) for key in found[0]}
        for which, found in rounds.items()
    }


def main(args: argparse.Namespace) -> None:
    with live.serving(args.checkpoints) as address:
        found = asyncio.run(measure(address, args))
    of, without = found[WITH], found[WITHOUT]
    rows = [
        [name, timing.median(values), timing.p95(values)]
        for name, values in (
            (f"pen up to both answers, triangles {WITHOUT}", without["answers"]),
            (f"pen up to both answers, triangles {WITH}", of["answers"]),
            ("pen up to both triangles", of["dots"]),
            ("click on a sample to both triangles", of["click"]),
            *(
                (f"{of[f'{variant} nets'][0]:.0f} nets, {variant}, in the worker", of[variant])
                for variant in checkpoint.VARIANTS
            ),
        )
    ]
    timing.show(rows, [f"{args.rounds} rounds", "p50 ms", "p95 ms"])
    print(f"\nLens: {args.lens}.")
    print(timing.machine(1, "torch", "gradio", "playwright"))


if __name__ == "__main__":
    main(get_args_parser().parse_args())
