"""Any hand: the page with keys alone, heard, by touch, and as a system or a printer wants it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from resnet import checkpoint
from tests.browser.visitor import (
    PHONE,
    OpenPage,
    card,
    dark_share,
    draw,
    expect_digit,
    on_pad,
    open_tab,
    settle,
    until,
)

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


def test_the_first_stroke_of_a_mouse_shows_no_pen_of_keys(page: Page) -> None:
    page.mouse.move(*on_pad(page, (30, 30)))
    page.mouse.down()
    page.mouse.move(*on_pad(page, (60, 60)), steps=3)
    page.mouse.up()
    expect(pad(page)).to_be_focused()
    expect(page.locator(".pen-mark")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".pen-mark")).to_be_visible()


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
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    for _ in range(2):
        expect(skip).to_be_in_viewport(ratio=1)
        page.keyboard.press("Enter")
        expect(pad(page)).to_be_focused()
        expect(page.locator(".pen-mark")).to_be_visible()
        expect(skip).not_to_be_in_viewport()
        open_tab(page, "Mistakes")  # it leads there from any tab
        skip.focus()
    assert "#" not in page.url  # which would be another drawing


def test_few_stops_lead_through_the_page(page: Page) -> None:
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


# --- fingers -------------------------------------------------------------------------------------

SMALL = """() => [...document.querySelectorAll(
        "button, summary, .upload, #languages a, [role=tab], " +
        "label:has([type=radio], [type=checkbox])")]
    .filter((element) => element.checkVisibility() && !element.matches(".dot"))
    .map((element) => ({ name: element.textContent, box: element.getBoundingClientRect() }))
    .filter(({ box }) => Math.round(box.width) < 44 || Math.round(box.height) < 44)
    .map(({ name, box }) => `${name.trim()} ${box.width} x ${box.height}`)"""


def test_a_finger_can_hit_whatever_there_is(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    for tab in page.get_by_role("tab").all_inner_texts():
        open_tab(page, tab)
        assert page.evaluate(SMALL) == [], tab
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab


def test_a_swipe_over_the_dials_scrolls_and_turns_none(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    page.get_by_text("Turn units up or down").tap()
    dial = page.get_by_role("slider", name="f of unit 3")
    dial.evaluate("element => element.scrollIntoView({ block: 'center' })")
    box = dial.bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    places = [{"x": box["x"] + 4 - 10 * step, "y": box["y"] + 22} for step in range(12)]
    for kind, points in (
        ("touchStart", places[:1]),
        *(("touchMove", [place]) for place in places[1:]),
        ("touchEnd", []),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    until(page, "document.querySelector('#board .wide').scrollLeft > 50")
    for value in page.locator("#board [data-dial]").all():
        expect(value).to_have_value("1")
    page.locator("#board .dial").nth(4).tap(position={"x": 2, "y": 40})
    expect(page.get_by_role("slider", name="f of unit 5")).to_have_value("0")


# --- systems, paper and small screens ------------------------------------------------------------


def ground(place: Locator) -> str:
    return str(place.evaluate("element => getComputedStyle(element).backgroundColor"))


def test_colours_of_the_system_leave_what_a_ground_tells(open_page: OpenPage, host: str) -> None:
    page = open_page(f"{host}#o=2", forced_colors="active")
    settle(page)
    paper = ground(page.locator("body"))
    on, off = (page.locator("#cards .choice label").nth(at) for at in (0, 1))
    assert ground(on) not in (ground(off), paper)
    assert ground(page.get_by_role("tab", selected=True)) not in (
        ground(page.get_by_role("tab", selected=False).first),
        paper,
    )
    bar = page.locator("#cards .residual .best i")
    assert ground(bar) not in (ground(page.locator("#cards .track").first), paper)
    out, whole = (page.locator(f'#board .residual [data-unit="{at}"] .over') for at in (2, 4))
    assert ground(out) not in (ground(whole), paper)


def test_paper_shows_the_drawing_the_answers_and_the_board(open_page: OpenPage, host: str) -> None:
    page = open_page(f"{host}#o=2", color_scheme="dark", viewport={"width": 1040, "height": 720})
    settle(page)
    page.emulate_media(media="print")
    expect(page.locator("#pad .tools")).to_be_hidden()
    expect(page.get_by_role("tab").first).to_be_hidden()
    for variant in checkpoint.VARIANTS:
        expect(card(page, variant).locator(".digit")).to_be_visible()
    assert min(int(level) for level in re.findall(r"\d+", ground(card(page, "plain")))) > 230
    bar = card(page, "plain").locator(".best i")
    expect(bar).to_have_css("print-color-adjust", "exact")
    box = page.get_by_test_id("board").bounding_box()
    assert box is not None
    assert box["height"] < 720
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    end = page.locator("#board .plain .end").bounding_box()
    assert end is not None
    assert end["x"] + end["width"] <= box["x"] + box["width"]


def test_four_times_as_large_nothing_scrolls_sideways(open_page: OpenPage, host: str) -> None:
    page = open_page(host, viewport={"width": 320, "height": 256})
    expect_digit(page, 7)
    for tab in page.get_by_role("tab").all_inner_texts():
        open_tab(page, tab)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab


def test_a_phone_that_lies_has_pad_and_answers_in_sight(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **{**PHONE, "viewport": {"width": 844, "height": 390}})
    expect_digit(page, 7)
    expect(pad(page)).to_be_in_viewport(ratio=1)
    for variant in checkpoint.VARIANTS:
        expect(card(page, variant).locator(".digit")).to_be_in_viewport(ratio=0.9)
