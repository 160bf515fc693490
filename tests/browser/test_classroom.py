"""For a class: presenter mode, and links that open what the teacher sees."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import (
    OpenPage,
    after,
    draw,
    expect_digit,
    open_tab,
    pass_two_frames,
    settle,
    until,
)


def presenter(page: Page) -> Locator:
    return page.get_by_role("group", name="Presenter")


def is_open(page: Page, tab: str) -> None:
    expect(page.get_by_role("tab", selected=True)).to_have_text(tab)


@pytest.mark.served("the same scripts do it on both")
def test_a_link_keeps_what_is_looked_at(page: Page, open_page: OpenPage) -> None:
    page.get_by_role("radio", name="Plain").locator("..").click()
    lab = page.get_by_test_id("lab")
    lab.locator("summary").click()
    lab.get_by_role("checkbox", name="Box").uncheck()
    lab.get_by_role("slider", name="Pen").fill("100")
    page.locator("#deeper label", has_text="34").click()
    open_tab(page, "Mistakes")
    until(page, "location.hash === '#i=1011-100&n=plain&h=34&p=mistakes'")

    other = open_page(page.url)
    is_open(other, "Mistakes")
    open_tab(other, "Draw")
    expect(other.get_by_role("radio", name="Plain")).to_be_checked()
    expect(other.get_by_test_id("answer-residual")).to_be_hidden()
    lab = other.get_by_test_id("lab")
    expect(lab.get_by_role("checkbox", name="Box")).not_to_be_checked()
    expect(lab.get_by_role("checkbox", name="Crop")).to_be_checked()
    expect(lab.get_by_role("slider", name="Pen")).to_have_value("100")
    expect(other.get_by_role("radio", name="34")).to_be_checked()
    until(other, "location.hash === '#i=1011-100&n=plain&h=34'")


@pytest.mark.served("the same scripts do it on both")
def test_the_title_starts_the_page_over(page: Page) -> None:
    page.locator('[data-sample="4"]').click()
    page.get_by_role("radio", name="Plain").locator("..").click()
    open_tab(page, "Mistakes")
    until(page, "location.hash === '#s=4&n=plain&p=mistakes'")
    page.get_by_role("link", name="With and without shortcuts").click()
    is_open(page, "Draw")
    expect_digit(page, 7)
    expect(page.get_by_role("radio", name="Both")).to_be_checked()
    assert "#" not in page.url
    page.go_back()  # what was there is not lost
    is_open(page, "Mistakes")
    open_tab(page, "Draw")
    expect_digit(page, 4)


@pytest.mark.served("the same scripts do it on both")
def test_presenter_mode_is_large_and_led_by_a_clicker(page: Page) -> None:
    zoom = "document.documentElement.currentCSSZoom"
    expect(presenter(page)).to_be_hidden()
    # A window that fills the screen cannot be given another size.
    page.evaluate("delete Element.prototype.requestFullscreen")
    page.keyboard.press("f")
    expect(presenter(page)).to_be_visible()
    assert page.evaluate(zoom) == 1.5
    expect(page.locator("#title .summary")).to_be_hidden()
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Clear").click()
    page.evaluate("scrollTo(0, 0)")
    after(page, lambda: draw(page, 3))  # the pen hits the pad, which is larger
    expect_digit(page, 3)
    for tab in ("Fair race", "Depth and gradients", "The experiment", "Training", "Mistakes"):
        page.keyboard.press("PageDown")
        is_open(page, tab)
        pass_two_frames(page)
        for width in (1280, 1920):
            page.set_viewport_size({"width": width, "height": 9 * width // 16})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
    page.keyboard.press("PageUp")
    is_open(page, "Training")
    presenter(page).get_by_role("button", name="Start over").click()
    is_open(page, "Draw")
    expect_digit(page, 7)
    expect(presenter(page)).to_be_visible()
    page.get_by_role("button", name="End").click()
    expect(presenter(page)).to_be_hidden()
    assert page.evaluate(zoom) == 1
    page.keyboard.press("PageDown")  # scrolls, as ever
    is_open(page, "Draw")


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize(("width", "height", "is_presenting"), [(1280, 800, 0), (1920, 1080, 1)])
def test_pad_and_both_rows_are_on_one_screen(
    open_page: OpenPage, host: str, width: int, height: int, is_presenting: int
) -> None:
    viewport = {"width": width, "height": height}
    page = open_page(f"{host}#m={is_presenting}", viewport=viewport)
    expect(presenter(page)).to_be_visible(visible=bool(is_presenting))
    expect_digit(page, 7)
    page.get_by_role("button", name="Surprise me").click()
    expect(page.locator("#surprise .found")).to_contain_text("1 of ")
    for place in ("#title h1", "#tabs [role=tablist]", "#pad .paper", "#board .rows"):
        expect(page.locator(place).first).to_be_in_viewport(ratio=1)


@pytest.mark.served("the same scripts do it on both")
def test_a_chosen_scheme_is_kept_for_the_visit(page: Page) -> None:
    page.keyboard.press("f")
    presenter(page).get_by_role("button", name="Dark").click()
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    until(page, "location.hash === '#m=1'")
    page.reload()
    expect(presenter(page).get_by_role("button", name="Light")).to_be_visible()
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    settle(page)


@pytest.mark.served("the same scripts do it on both")
def test_letters_are_left_to_what_has_the_focus(page: Page) -> None:
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("f")
    expect(presenter(page)).to_be_hidden()
    page.get_by_test_id("pad").focus()
    page.keyboard.press("f")
    expect(presenter(page)).to_be_visible()
