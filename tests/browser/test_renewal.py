"""An open page notices that the server's nets were renewed."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.visitor import after, draw, settle

LOOK = """document.dispatchEvent(new Event("visibilitychange"))"""


@pytest.mark.served("a folder's nets are renewed with the folder")
def test_it_says_so_once_and_asks_again(page: Page) -> None:
    looks = 0

    def answer(route: Route) -> None:
        nonlocal looks
        looks += 1
        nets = {"residual": "new", "plain": "new"}
        route.fulfill(content_type="application/json", body=json.dumps({"nets": nets}))

    notice = page.locator("#title .notice")
    with page.expect_response("**/health"):
        page.evaluate(LOOK)  # nothing is new
    settle(page)
    expect(notice).to_be_empty()
    page.route("**/health", answer)
    after(page, lambda: page.evaluate(LOOK))
    expect(notice).to_have_text(
        "The nets were renewed and read from now on: reload for their figures."
    )
    after(page, lambda: draw(page, 3))
    expect(notice).to_be_empty()
    with page.expect_response("**/health"):
        page.evaluate(LOOK)
    settle(page)
    expect(notice).to_be_empty()
    assert looks == 2
