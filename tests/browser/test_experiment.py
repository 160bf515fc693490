import re

from playwright.sync_api import Page, expect

from tests.browser.visitor import PHONE, OpenPage


def test_figures_come_when_the_tab_is_seen(page: Page) -> None:
    page.get_by_role("tab", name="The experiment").click()
    measured = page.get_by_test_id("experiment-measured")
    expect(measured).to_have_attribute("aria-busy", "false")
    expect(measured.locator("svg:visible")).to_have_count(2)
    twin = measured.locator("details").first
    twin.locator("summary").click()
    expect(twin.locator("tbody tr").first).to_be_visible()


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


def test_on_a_phone_nothing_is_wider_than_the_page(open_page: OpenPage, address: str) -> None:
    page = open_page(address, **PHONE)
    page.get_by_role("tab", name="The experiment").click()
    measured = page.get_by_test_id("experiment-measured")
    expect(measured.locator("svg:visible")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
