import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.visitor import (
    PHONE,
    OpenPage,
    answer_instead,
    expect_digit,
    question,
    settle,
    wait_for_questions,
)

EMPTY = "The pad is empty: draw a digit, or take the ten samples."
BUSY = {"error": "The server is busy."}


def test_figures_come_when_the_tab_is_seen(page: Page) -> None:
    page.get_by_role("tab", name="The experiment").click()
    measured = page.get_by_test_id("experiment-measured")
    expect(measured).to_have_attribute("aria-busy", "false")
    expect(measured.locator("svg:visible")).to_have_count(2)
    twin = measured.locator("details").first
    twin.locator("summary").click()
    expect(twin.locator("tbody tr").first).to_be_visible()


@pytest.mark.served("needs a server, which does the check")
def test_a_check_of_ones_own_drawing_and_how_it_lies(page: Page) -> None:
    page.get_by_role("tab", name="The experiment").click()
    result = page.get_by_test_id("proof-result")
    expect(result).to_have_attribute("data-says", "equal", timeout=20_000)
    expect(result).to_contain_text("one net")
    page.get_by_label(re.compile("bn3")).check()
    expect(result).to_have_attribute("data-says", "different")
    page.get_by_label("Untrained").check()
    expect(result).to_contain_text("a lie")
    page.get_by_label(re.compile("train mode")).check()
    expect(result).to_contain_text("one pixel")
    page.get_by_label("Ten samples").check()
    expect(result).to_have_attribute("data-says", "equal")


@pytest.mark.served("needs a server, which does the check")
def test_an_empty_pad_is_said_and_nobody_is_asked(page: Page) -> None:
    asked: list[Any] = []

    def note(route: Route) -> None:
        asked.append(question(route)["data"]["picture"])
        route.fallback()

    answer_instead(page, "check", note)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("tab", name="The experiment").click()
    result = page.get_by_test_id("proof-result")
    expect(result.locator(".sentence")).to_have_text(EMPTY)
    page.get_by_label("Untrained").check()
    assert asked == []
    page.get_by_label("Ten samples").check()
    expect(result).to_have_attribute("data-says", "equal")
    page.get_by_label("My drawing").check()
    expect(result.locator(".sentence")).to_have_text(EMPTY)
    expect(result).to_have_attribute("data-says", "")
    expect(result.locator(".printed")).to_have_text("\u2013")
    assert asked == [None]
    page.get_by_role("tab", name="Draw").click()
    page.locator('[data-sample="3"]').click()
    expect_digit(page, 3)
    page.get_by_role("tab", name="The experiment").click()
    expect(result).to_have_attribute("data-says", "equal")
    assert len(asked) == 2


@pytest.mark.served("needs a server, which does the check")
def test_a_drawing_that_comes_while_one_looks_is_checked(
    page: Page, encoded: Callable[..., bytes], tmp_path: Path
) -> None:
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("tab", name="The experiment").click()
    result = page.get_by_test_id("proof-result")
    expect(result.locator(".sentence")).to_have_text(EMPTY)
    pixels = np.zeros((40, 40), np.uint8)
    pixels[8:32, 18:22] = 255
    file = tmp_path / "one.png"
    file.write_bytes(encoded(pixels))
    page.get_by_test_id("upload").set_input_files(file)  # as if dropped, which works on every tab
    expect(result).to_have_attribute("data-says", "equal")


@pytest.mark.served("needs a server, which does the check")
def test_after_a_failed_check_the_newest_switches_are_asked_about(page: Page) -> None:
    held: list[Route] = []
    answer_instead(page, "check", held.append)
    page.get_by_role("tab", name="The experiment").click()
    page.get_by_label("Untrained").check()
    page.get_by_label(re.compile("bn3")).check()
    wait_for_questions(page, held, 1)
    held[0].fulfill(json=BUSY)
    wait_for_questions(page, held, 2)
    data = [question(route)["data"] for route in held]
    assert [(it["weights"], it["flaws"]) for it in data] == [("trained", []), ("fresh", ["typo"])]
    held[1].fallback()
    expect(page.get_by_test_id("proof-result")).to_contain_text("a lie")


@pytest.mark.served("needs a server, which does the check")
def test_a_failed_check_is_tried_again_at_the_next_touch_or_look(page: Page) -> None:
    asked: list[Route] = []

    def fail(route: Route) -> None:
        asked.append(route)
        route.fulfill(json=BUSY)

    answer_instead(page, "check", fail)
    page.get_by_role("tab", name="The experiment").click()
    result = page.get_by_test_id("proof-result")
    expect(result.locator(".sentence")).to_have_text(BUSY["error"])
    settle(page)
    assert len(asked) == 1  # no server is helped by being asked without a pause
    page.get_by_label("Ten samples").dispatch_event("change")
    wait_for_questions(page, asked, 2)
    settle(page)
    page.get_by_role("tab", name="Draw").click()
    page.unroute("**/component_server/")
    page.get_by_role("tab", name="The experiment").click()
    expect(result).to_have_attribute("data-says", "equal")


@pytest.mark.served("the same scripts do it on both")
def test_on_a_phone_nothing_is_wider_than_the_page(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    page.get_by_role("tab", name="The experiment").click()
    measured = page.get_by_test_id("experiment-measured")
    expect(measured.locator("svg:visible")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
