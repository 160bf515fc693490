import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.visitor import PHONE, OpenPage, answer_instead, wait_for_questions

TAB = "Depth and gradients"


def test_the_thermometer_follows_the_choice(page: Page) -> None:
    page.get_by_role("tab", name=TAB).click()
    thermometer = page.get_by_test_id("thermometer")
    expect(thermometer.locator(".plain .bars i")).to_have_count(34)
    says = page.get_by_test_id("thermometer-says")
    expect(says).to_contain_text("66 layers with batch norm")
    thermometer.get_by_text("18", exact=True).click()
    expect(thermometer.locator(".plain .bars i")).to_have_count(10)
    expect(says).to_contain_text("18 layers with batch norm")
    thermometer.get_by_text("None", exact=True).click()
    expect(says).to_contain_text("18 layers without batch norm, before the first step")
    thermometer.get_by_text("Start, live taps").click()
    expect(says).to_contain_text("as if only live taps counted")
    thermometer.get_by_text("After training").click()
    expect(says).to_contain_text("after the last step")
    expect(page.get_by_test_id("depth-measured").locator("svg:visible")).to_have_count(1)


@pytest.mark.served("the same scripts do it on both")
def test_a_guess_comes_before_the_training_loss(page: Page) -> None:
    page.get_by_role("tab", name=TAB).click()
    section = page.get_by_test_id("overfitting")
    figure = section.locator("svg:visible")
    answer = page.get_by_test_id("overfitting-answer")
    expect(page.get_by_test_id("depth-measured").locator("svg:visible")).to_have_count(1)
    expect(answer).to_be_empty()
    expect(figure).to_have_count(0)
    for guess, verdict in (("Yes", "Not quite: no. "), ("No", "You guessed right: no. ")):
        button = section.get_by_role("button", name=guess)
        button.focus()
        page.keyboard.press("Enter")
        expect(answer).to_have_text(re.compile(f"^{verdict}Without shortcuts the deeper net"))
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(section.locator("[aria-pressed=true]")).to_have_count(1)
        expect(figure).to_have_count(1)
    section.get_by_role("button", name="Just show me").click()
    expect(answer).to_have_text(re.compile("^No. Without shortcuts"))
    expect(section.locator("[aria-pressed=true]")).to_have_count(0)


def test_the_share_of_f_stands_below_the_gradients_of_the_start(page: Page) -> None:
    page.get_by_role("tab", name=TAB).click()
    thermometer, share = page.get_by_test_id("thermometer"), page.get_by_test_id("share")
    expect(share.locator(".bars i")).to_have_count(32)
    heights = share.locator(".bars i").evaluate_all("bars => bars.map((bar) => bar.offsetHeight)")
    assert heights[0] > 2 * heights[7] > 0  # the first stage's: it falls with batch norm
    thermometer.get_by_text("After training").click()
    expect(share).to_contain_text("before the first step only")
    expect(share.locator(".bars i")).to_have_count(0)


@pytest.mark.served("the same scripts do it on both")
def test_bars_grow_with_depth_on_one_scale(page: Page) -> None:
    page.get_by_role("tab", name=TAB).click()
    thermometer = page.get_by_test_id("thermometer")
    stem = thermometer.locator(".plain .bars i").first
    ticks, heights = [], []
    for layers, places in ((18, 10), (66, 34), (98, 50)):
        thermometer.get_by_text(str(layers), exact=True).click()
        expect(thermometer.locator(".plain .bars i")).to_have_count(places)
        ticks.append(thermometer.locator(".plain .ticks span").all_inner_texts())
        heights.append(float(stem.evaluate("bar => parseFloat(bar.style.height)")))
    assert ticks[0] == ticks[1] == ticks[2]
    assert heights[0] + 20 < heights[1] < heights[2] - 10  # percent


@pytest.mark.served("needs a server")
def test_an_error_is_sent_back_now(page: Page) -> None:
    page.get_by_role("tab", name=TAB).click()
    thermometer = page.get_by_test_id("thermometer")
    thermometer.get_by_text("18", exact=True).click()
    thermometer.get_by_role("button", name="Send one error back").click()
    says = page.get_by_test_id("thermometer-says")
    expect(says).to_contain_text(re.compile(r"just now, seed \d+"))
    expect(thermometer.locator('[data-net="residual"] .bars i')).to_have_count(10)
    expect(page.get_by_test_id("share").locator(".bars i")).to_have_count(8)


@pytest.mark.served("needs a server")
@pytest.mark.parametrize("answer", ["reply", "error"])
def test_what_comes_back_after_another_choice_is_not_shown(page: Page, answer: str) -> None:
    held: list[Route] = []
    answer_instead(page, "send", held.append)
    page.get_by_role("tab", name=TAB).click()
    thermometer = page.get_by_test_id("thermometer")
    send = thermometer.get_by_role("button", name="Send one error back")
    send.click()
    wait_for_questions(page, held, 1)
    says = page.get_by_test_id("thermometer-says")
    expect(says).to_have_text("On its way …")
    thermometer.get_by_text("After training").click()
    expect(says).to_contain_text("after the last step")
    after_training = says.inner_text()
    if answer == "reply":
        held[0].fallback()
    else:
        held[0].fulfill(json={"error": "The server is busy."})
    expect(send).to_be_enabled()  # in the turn of the script that would show the reply
    expect(says).to_have_text(after_training)


@pytest.mark.served("the same scripts do it on both")
def test_every_tab_fits_a_phone(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    for name in ("Fair race", TAB, "The experiment", "Training", "Mistakes"):
        page.get_by_role("tab", name=name).click()
        if name != "Mistakes":
            expect(page.locator(".plot svg:visible").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_trainings_are_drawn_when_they_are_seen(page: Page) -> None:
    page.get_by_role("tab", name="Training").click()
    expect(page.get_by_test_id("facts")).to_contain_text("Test digits right")
    expect(page.get_by_test_id("courses").locator("figure")).to_have_count(3)
