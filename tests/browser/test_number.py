"""Several digits in one drawing: each is read, and one is looked into."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from resnet import checkpoint, samples
from tests.browser.visitor import (
    PHONE,
    OpenPage,
    after,
    card,
    expect_digit,
    on_pad,
    pass_two_frames,
    settle,
    until,
)

SCALE, STEP = 0.45, 23  # of the samples, and from one to the next, in hundredths of the pad


def write(page: Page, digits: str, first: int = 0) -> None:
    """Draw digits side by side, the first at some place of the row."""
    for place, digit in enumerate(digits, first):
        for stroke in samples.sample(int(digit)):
            points = [(4 + STEP * place + SCALE * (x - 29), 28 + SCALE * y) for x, y in stroke]
            page.mouse.move(*on_pad(page, points[0]))
            page.mouse.down()
            for point in [*points[1::3], points[-1]]:
                page.mouse.move(*on_pad(page, point))
            page.mouse.up()


def expect_number(page: Page, number: str, digit: int | str = "") -> None:
    for variant in checkpoint.VARIANTS:
        expect(card(page, variant)).to_have_attribute("data-number", number)
        expect(card(page, variant)).to_have_attribute("data-digit", str(digit))


def digit(page: Page, place: int, variant: str = "residual") -> Locator:
    return card(page, variant).locator(".digits input").nth(place)


def on_board(page: Page, variant: str) -> Locator:
    return page.locator(f'#board [data-net="{variant}"] .digit')


def places(page: Page) -> list[object]:
    return [page.locator(place).bounding_box() for place in ("#cards .cards", "#board", "#replay")]


def test_a_number_is_read_and_one_digit_looked_into(page: Page) -> None:
    before = places(page)
    page.get_by_role("button", name="Clear").click()
    write(page, "26")
    expect_number(page, "26")
    settle(page)
    expect(page.get_by_test_id("sentence")).to_have_text("Both read 26.")
    expect(page.locator("#cards .spoken")).to_have_text("Both read 26.")
    expect(page.get_by_test_id("verdict")).to_have_text("agree")
    assert places(page) == before
    for variant in checkpoint.VARIANTS:  # the pen was there last
        expect(digit(page, 1, variant)).to_be_checked()
        expect(on_board(page, variant)).to_have_text("6")

    after(page, lambda: digit(page, 0).check())
    for variant in checkpoint.VARIANTS:
        expect(digit(page, 0, variant)).to_be_checked()
        expect(on_board(page, variant)).to_have_text("2")
        expect(card(page, variant).locator(".best b")).to_have_text("2")
    after(page, lambda: digit(page, 0).press("ArrowRight"))
    expect(digit(page, 1)).to_be_focused()
    expect(on_board(page, "plain")).to_have_text("6")

    after(page, lambda: page.locator("#board [data-unit='2']").first.click())
    expect(page.get_by_test_id("said")).to_contain_text("With shortcuts: still a 6.")
    expect(card(page, "residual")).to_have_attribute("data-number", "26")
    expect(card(page, "plain")).to_have_attribute("data-number", re.compile(r"^\d\d$"))

    page.get_by_role("button", name="Put all back").click()
    page.get_by_role("button", name="Undo").click()
    expect_number(page, "", 2)


@pytest.mark.served("the same scripts do it on both")
def test_a_number_goes_home(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    write(page, "26")
    expect_number(page, "26")
    settle(page)
    expect(page.locator("#replay .story")).to_contain_text("the 26")
    expect(page.locator('#replay [data-course="plain"] .last').last).to_have_text("26")
    after(page, lambda: digit(page, 0).check())
    until(page, "location.hash.includes('d=') && location.hash.includes('j=1')")
    link = page.evaluate("location.href")
    page.goto("about:blank")
    page.goto(link)
    expect_number(page, "26")
    expect(on_board(page, "residual")).to_have_text("2")


@pytest.mark.served("the same scripts do it on both")
def test_a_phone_has_room_for_eight_digits(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    before = places(page)
    strokes = [
        [[10 * (6 + 11 * place + 0.22 * (x - 29)), 3 * y] for x, y in stroke]
        for place, one in enumerate("20262026")
        for stroke in samples.sample(int(one))
    ]
    page.evaluate(
        """async (strokes) => {
            const { page } = await import(new URL("ui/page.js", document.baseURI));
            const { ofStrokes } = await import(new URL("ui/drawing.js", document.baseURI));
            page.set({ drawing: ofStrokes(strokes) });
        }""",
        strokes,
    )
    expect_number(page, "20262026")
    pass_two_frames(page)
    assert places(page) == before
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for chip in page.locator(".strip .chip").all():
        expect(chip.locator("b")).to_have_text("20262026")
        assert chip.evaluate("chip => chip.scrollWidth <= chip.clientWidth")
