"""Any hand: the page with keys alone, heard, by touch, and as a system or a printer wants it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import dark_share, draw, expect_digit, on_pad, open_tab, settle

pytestmark = pytest.mark.served("the same scripts and style sheets do it on both")

# What a visitor presses from the middle of an empty pad; a caret stands for Shift.
SEVEN = "^L ^U _ ^R ^R D D L D D L D D L D D L _"
FOUR = "^L ^U _ ^D ^R ^R L _ U U U U U U U U _ ^D ^D _"
KEYS = {"L": "ArrowLeft", "R": "ArrowRight", "U": "ArrowUp", "D": "ArrowDown", "_": "Space"}


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(("Shift+" if key[0] == "^" else "") + KEYS[key[-1]])


def pad(page: Page) -> Locator:
    return page.get_by_test_id("pad")


def pen_says(page: Page) -> Locator:
    return page.locator("[data-pen-spoken]")


# --- the keyboard's pen --------------------------------------------------------------------------


@pytest.mark.parametrize(("digit", "keys"), [(7, SEVEN), (4, FOUR)])
def test_a_digit_drawn_with_keys_alone_is_read(page: Page, digit: int, keys: str) -> None:
    pad(page).focus()
    page.keyboard.press("Escape")
    expect_digit(page, "")
    expect(pad(page)).to_have_accessible_description(re.compile("Arrow keys move the pen"))
    expect(page.locator(".pen-mark")).to_be_visible()
    press(page, keys)
    expect_digit(page, digit)
    assert len(keys.split()) <= 20


def test_the_pen_of_keys_is_answered_while_it_moves_and_says_what_it_does(page: Page) -> None:
    pad(page).focus()
    press(page, "^U _")  # which replaces the sample
    expect(pen_says(page)).to_have_text("Pen down")
    press(page, "^D ^D")
    expect_digit(page, 1)
    inked = dark_share(page)
    press(page, "_ ^R")
    expect(pen_says(page)).to_have_text("Pen up")
    assert dark_share(page) == inked
    press(page, "_")
    page.keyboard.press("Escape")  # lifts it, and only then clears
    expect(pen_says(page)).to_have_text("Pen up")
    assert dark_share(page) > inked
    press(page, "_")
    page.keyboard.press("Tab")
    expect(pen_says(page)).to_have_text("Pen up")
    expect(page.locator(".pen-mark")).to_be_hidden()
    pad(page).focus()
    page.keyboard.press("Escape")
    expect_digit(page, "")


def test_the_pen_of_keys_stays_on_the_pad_and_leaves_the_mouse_its_own(page: Page) -> None:
    pad(page).focus()
    press(page, "^L ^L ^L ^L ^L L ^U ^U ^U")
    mark, paper = (page.locator(at).bounding_box() for at in (".pen-mark", ".paper"))
    assert mark is not None
    assert paper is not None
    assert mark["x"] + mark["width"] / 2 == pytest.approx(paper["x"], abs=2)
    assert mark["y"] + mark["height"] / 2 == pytest.approx(paper["y"], abs=2)
    press(page, "_")
    draw(page, 1)
    page.mouse.move(*on_pad(page, (50, 50)))
    settle(page)
    inked = dark_share(page)
    press(page, "^R")  # the mouse has lifted it
    assert dark_share(page) == inked


# --- the Tab key ---------------------------------------------------------------------------------


def test_the_first_stop_leads_to_the_pad(page: Page) -> None:
    skip = page.get_by_role("link", name="Skip to the drawing pad")
    for tab in ("Draw", "Mistakes"):
        open_tab(page, tab)
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Tab")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport(ratio=1)
        page.keyboard.press("Enter")
        expect(pad(page)).to_be_focused()
        expect(page.locator(".pen-mark")).to_be_visible()
        expect(skip).not_to_be_in_viewport()
    assert "#" not in page.url  # which would be another drawing


def test_few_stops_lead_through_the_page(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")
    count = 0
    while True:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        count += 1
    assert 20 < count < 31  # 62 where each unit, shortcut, dial and sample is one


def test_samples_are_one_stop_with_arrows(page: Page) -> None:
    page.locator('[data-sample="0"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect_digit(page, 2)
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(page.locator('[data-sample="9"]')).to_be_focused()
