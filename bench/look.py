"""Look at both pages side by side: the one that the app serves, and the folder without a server.

Every tab is photographed in headless Chromium, on a wide screen and on a phone, light and dark,
with the same drawing read by the page's worker. For each a picture is written that shows the served
page, the one of the folder, and in black where they are not alike. Printed is the share of such
pixels, and how high both pages are. The tabs in which the folder says that it has no server differ
by that.
"""

import argparse
import asyncio
import functools
import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageChops
from playwright.async_api import Browser, Page, async_playwright, expect

from bench import live, timing

SCREENS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ALIKE = 8  # levels of 255 that a pixel may be off
GAP = 20  # pixels between two pictures
# Whether all has come; what has not comes once it is in sight.
SETTLED = """() => {
    const waiting = [...document.querySelectorAll('[aria-busy="true"]')]
        .find((element) => element.checkVisibility());
    waiting?.scrollIntoView({ block: "center" });
    return !waiting;
}"""

Shots = dict[tuple[str, str, str], Image.Image]  # by screen, scheme and tab


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.bare_parser("look", __doc__)
    parser.add_argument(
        "--site", type=Path, default=Path("site"), help="as make site writes it; default: site"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("look"), help="a folder for pictures; default: look"
    )
    live.add_flags(parser)
    return parser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """The address of a plain host, as `python -m http.server` is one."""
    handler = functools.partial(Quiet, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


async def shoot(browser: Browser, address: str) -> Shots:
    found: Shots = {}
    for screen, options in SCREENS.items():
        for scheme in SCHEMES:
            context = await browser.new_context(
                color_scheme=scheme,
                reduced_motion="reduce",
                service_workers="block",
                bypass_csp=True,  # or the folder's page would not let its waits be evaluated
                **options,
            )
            page = await context.new_page()
            page.set_default_timeout(120_000)
            await page.goto(address)
            await draw(page)
            for name in await page.get_by_role("tab").all_inner_texts():
                found[screen, scheme, name] = await shot(page, name)
            await context.close()
    return found


async def draw(page: Page) -> None:
    """Have the page's worker read a sample."""
    card = page.get_by_test_id("answer-plain")
    await expect(card).to_have_attribute("data-digit", "7", timeout=120_000)
    if failure := await page.evaluate(live.PREPARED):
        raise RuntimeError(failure)
    for digit in ("3", "7"):
        await page.get_by_role("button", name=digit, exact=True).click()
        await expect(card).to_have_attribute("data-digit", digit)
    await expect(page.get_by_test_id("reader")).to_have_text("Read here")


async def shot(page: Page, tab: str) -> Image.Image:
    await page.get_by_role("tab", name=tab, exact=True).click()
    await page.wait_for_load_state("networkidle")
    await page.wait_for_function(SETTLED)
    await page.evaluate("scrollTo(0, 0)")
    await page.mouse.move(0, 0)
    raw = await page.screenshot(full_page=True, animations="disabled")
    return Image.open(io.BytesIO(raw)).convert("RGB")


def beside(served: Image.Image, static: Image.Image) -> tuple[Image.Image, float]:
    """Both pictures and where they are not alike, and the share of pixels where they are not."""
    width, height = (max(pair) for pair in zip(served.size, static.size, strict=True))
    both = []
    for picture in (served, static):
        sheet = Image.new("RGB", (width, height), "magenta")
        sheet.paste(picture)
        both.append(sheet)
    apart = ImageChops.difference(*both)
    furthest = functools.reduce(ImageChops.lighter, apart.split())
    unlike = furthest.point(lambda level: 255 * (level > ALIKE))
    share = unlike.histogram()[255] / (width * height)
    together = Image.new("RGB", (3 * width + 2 * GAP, height), "grey")
    for at, picture in enumerate([*both, ImageChops.invert(unlike).convert("RGB")]):
        together.paste(picture, (at * (width + GAP), 0))
    return together, share


async def measure(addresses: Sequence[str], args: argparse.Namespace) -> None:
    async with async_playwright() as playwright:
        browser = await live.launch(playwright, args)
        served, static = [await shoot(browser, address) for address in addresses]
        await browser.close()
    args.output.mkdir(parents=True, exist_ok=True)
    rows = []
    for (screen, scheme, tab), picture in served.items():
        other = static[screen, scheme, tab]
        together, share = beside(picture, other)
        name = f"{screen}-{scheme}-{tab.lower().replace(' ', '-')}.png"
        together.save(args.output / name)
        rows.append([name, f"{100 * share:.2f} %", f"{picture.height}", f"{other.height}"])
    timing.show(rows, ["picture", "pixels not alike", "pixels high, served", "in the folder"])


def main(args: argparse.Namespace) -> None:
    with live.serving(args.checkpoints) as served, hosted(args.site) as static:
        asyncio.run(measure([served, static], args))


if __name__ == "__main__":
    main(get_args_parser().parse_args())
