"""The page while it loads, and in a browser of another language."""

from playwright.sync_api import expect

from app import SUMMARY, TITLE
from tests.browser.visitor import OpenPage, expect_digit


def test_the_title_stands_there_until_the_page_does(open_page: OpenPage, address: str) -> None:
    page = open_page(address)
    expect_digit(page, 7)
    expect(page.locator("#loading")).to_be_hidden()
    page.route("**/assets/**", lambda route: None)  # the page's scripts never arrive
    page.reload(wait_until="commit")
    loading = page.locator("#loading")
    expect(loading).to_be_visible()
    expect(loading).to_contain_text(TITLE)
    expect(loading).to_contain_text(SUMMARY)
    page.unroute_all(behavior="ignoreErrors")


SHIFTS = """() => new Promise((resolve) => {
    const seen = (list) => resolve(list.getEntries().reduce((sum, { value }) => sum + value, 0));
    new PerformanceObserver(seen).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(0), 1000);  // there was none
})"""


def test_nothing_jumps_while_the_page_loads(open_page: OpenPage, host: str) -> None:
    """The board and the tour come before the pad, which stands above them."""
    for _ in range(3):
        page = open_page(host)
        expect_digit(page, 7)
        assert page.evaluate(SHIFTS) <= 0.05


def test_the_document_is_named_english_in_every_browser(open_page: OpenPage, address: str) -> None:
    page = open_page(address, locale="de-DE")
    expect_digit(page, 7)
    expect(page.locator("html")).to_have_attribute("lang", "en")
