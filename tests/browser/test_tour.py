"""The tour through the tabs, and the tap that finds what tells most of a drawing."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import PHONE, OpenPage, after, card, draw, on_pad, settle

TITLES = {"residual": "With shortcuts", "plain": "Without"}


@pytest.fixture
def page(open_page: OpenPage, host: str) -> Page:
    page = open_page(host)
    settle(page)
    return page


def tour(page: Page) -> Locator:
    return page.get_by_test_id("tour")


def press(page: Page, name: str) -> None:
    tour(page).get_by_role("button", name=name, exact=True).click()


def start(page: Page) -> None:
    page.get_by_role("button", name="Take the tour").click()
    expect(tour(page)).to_contain_text("Unplug unit 2")


def guess(page: Page, **guesses: str) -> None:
    expect(tour(page).get_by_role("button", name="Look")).to_be_disabled()
    for name, value in guesses.items():
        tour(page).locator(f'[name="{name}"][value="{value}"]').check()
    press(page, "Look")
    expect(tour(page).get_by_role("button", name="Next")).to_be_enabled()


def unit(page: Page, number: int) -> Locator:
    return page.locator(f'[data-net="residual"] [data-unit="{number}"]')


def test_from_start_to_end(page: Page) -> None:
    after(page, unit(page, 6).click)
    start(page)
    expect(unit(page, 6)).not_to_have_attribute("data-out", "")
    after(page, lambda: guess(page, residual="reads", plain="reads"))
    expect(unit(page, 2)).to_have_attribute("data-out", "")
    expect(page.locator("#board .net.plain")).to_be_in_viewport(ratio=0.9)
    # With the nets that ship: the lesson of the tour is true of the digit that one arrives at.
    for variant, title in TITLES.items():
        line = tour(page).locator(f".results .{variant}")
        digit = card(page, variant).get_attribute("data-digit")
        assert (digit == "7") == (variant == "residual")
        expect(line).to_contain_text(f"{title} {'still a 7' if digit == '7' else 'now '}")
        expect(line).to_contain_text("You guessed it." if digit == "7" else "Not quite.")
        expect(line).to_contain_text("Measured: ")

    press(page, "Next")
    expect(tour(page)).to_contain_text("net of 34 layers")
    expect(unit(page, 2)).not_to_have_attribute("data-out", "")
    guess(page, residual="alike", plain="other")
    expect(page.get_by_test_id("shake")).to_be_in_viewport()
    for variant, title in TITLES.items():
        shaken = page.locator(f'#shake [data-net="{variant}"]')
        expect(shaken).to_have_attribute("data-middle", re.compile("."))
        cosine = float(shaken.get_attribute("data-middle") or "nan")
        line = tour(page).locator(f".results .{variant}")
        expect(line).to_contain_text(title)
        expect(line).to_contain_text(f"(cosine {cosine:.2f})")
        is_alike = cosine >= 0.5
        expect(line).to_contain_text(
            "You guessed it." if is_alike == (variant == "residual") else "Not quite."
        )

    press(page, "Next")
    if "of 3" in tour(page).inner_text():  # where the study of depth is stored
        guess(page, overfitting="yes")
        expect(page.get_by_test_id("overfitting").locator(".revealed")).to_be_visible()
        expect(page.get_by_test_id("overfitting").get_by_role("button")).to_have_count(0)
        expect(tour(page)).to_contain_text("No. ")
        expect(tour(page)).to_contain_text("Not quite.")
        press(page, "Next")
    expect(tour(page)).to_contain_text("A net that learnt with them leans on them")
    press(page, "Done")
    expect(tour(page)).to_be_hidden()
    expect(page.get_by_role("tab", name="Draw")).to_have_attribute("aria-selected", "true")


@pytest.mark.served("the same scripts do it on both")
def test_it_can_be_closed_anywhere_and_opened_again(page: Page) -> None:
    start(page)
    guess(page, residual="loses", plain="loses")
    press(page, "Close the tour")
    expect(tour(page)).to_be_hidden()
    expect(unit(page, 2)).not_to_have_attribute("data-out", "")
    start(page)
    expect(tour(page).get_by_role("button", name="Look")).to_be_disabled()


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_what_it_asks_about_is_not_under_it(
    open_page: OpenPage, host: str, size: dict[str, Any]
) -> None:
    page = open_page(host, **size)
    settle(page)

    def is_free() -> bool:
        rows, bar = page.locator("#board .rows").bounding_box(), tour(page).bounding_box()
        assert rows is not None
        assert bar is not None
        return rows["y"] >= 0 and rows["y"] + rows["height"] <= bar["y"] + 1

    start(page)
    assert is_free()
    after(page, lambda: guess(page, residual="reads", plain="loses"))
    assert is_free()


@pytest.mark.served("the same scripts do it on both")
def test_it_needs_a_drawing(page: Page) -> None:
    start(page)
    page.get_by_role("button", name="Clear").click()
    expect(tour(page)).to_contain_text("Draw a digit first.")
    draw(page, 1)
    expect(tour(page)).to_contain_text("Unplug unit 2")


# --- surprise me ---------------------------------------------------------------------------------


def found(page: Page) -> Locator:
    return page.locator("#surprise .found")


def test_one_tap_parts_the_nets(page: Page) -> None:
    """The state it finds is the most telling of single units out, as the cards then say."""
    surprise = page.get_by_role("button", name="Surprise me")
    surprise.click()
    expect(found(page)).to_contain_text("1 of ")
    settle(page)
    read = [card(page, variant).get_attribute("data-digit") for variant in TITLES]
    assert read[0] != read[1]
    first = found(page).inner_text()
    surprise.click()
    expect(found(page)).to_contain_text("2 of ")
    assert found(page).inner_text() != first
    page.get_by_test_id("pad").scroll_into_view_if_needed()  # the deeper nets lie far below
    draw(page, 3)
    expect(found(page)).to_be_empty()


@pytest.mark.served("the same scripts do it on both")
def test_without_a_digit_there_is_no_surprise(page: Page) -> None:
    surprise = page.get_by_role("button", name="Surprise me")
    page.get_by_role("button", name="Clear").click()
    board = page.get_by_test_id("board")
    before = board.bounding_box()
    surprise.click()
    expect(found(page)).to_have_text("Draw a digit first.")
    assert board.bounding_box() == before
    page.mouse.click(*on_pad(page, (50, 50)))  # a dot
    expect(card(page, "plain")).to_contain_text("This doesn’t look like a digit.")
    surprise.click()
    expect(found(page)).to_have_text("Neither net sees a digit here.")
