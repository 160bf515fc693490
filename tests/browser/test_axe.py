"""axe-core finds no fault on any tab: wide in English, on a phone in Chinese, in light and dark."""

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.visitor import PHONE, OpenPage, expect_digit, open_tab, settle

VISITORS: dict[str, dict[str, Any]] = {
    "wide": {"locale": "en-US"},
    "phone": {"locale": "zh-CN", **PHONE},
}
# All but what moves for ever.
STAND_STILL = """() => Promise.allSettled(
    document
        .getAnimations()
        .filter(({ effect }) => effect.getComputedTiming().endTime < Infinity)
        .map(({ finished }) => finished),
)"""
CONTRAST = {"runOnly": ["color-contrast"]}  # the one thing that is another in the dark


@pytest.mark.served("the same templates and style sheets make both")
@pytest.mark.parametrize("visitor", VISITORS)
def test_axe_finds_nothing(open_page: OpenPage, host: str, visitor: str) -> None:
    page = open_page(host, **VISITORS[visitor], reduced_motion="reduce")
    expect_digit(page, 7)
    settle(page)
    page.evaluate(AXE_SCRIPT)
    found = []
    for tab in page.get_by_role("tab").all_inner_texts():
        open_tab(page, tab)
        for part in page.locator("[aria-busy]:visible").all():
            part.scroll_into_view_if_needed()  # then it has something to show
            expect(part).to_have_attribute("aria-busy", "false")
        settle(page)  # what came into sight asks by the frame after, and is pale meanwhile
        expect(page.locator('[aria-busy="true"]:visible')).to_have_count(0)
        page.evaluate(STAND_STILL)
        found += [f"{tab}, light: {fault}" for fault in faults(page, {})]
        page.evaluate("document.body.classList.add('dark')")
        found += [f"{tab}, dark: {fault}" for fault in faults(page, CONTRAST)]
        page.evaluate("document.body.classList.remove('dark')")
    assert found == []


def faults(page: Page, options: dict[str, Any]) -> list[str]:
    """The rule that is broken, and the first place where it is."""
    run = "(options) => axe.run({...options, resultTypes: ['violations']})"
    return [
        f"{broken['id']}: {broken['nodes'][0]['html'][:200]}"
        for broken in page.evaluate(run, options)["violations"]
    ]
