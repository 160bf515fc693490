"""The page works under the policy that forbids loads from outside, and the policy holds."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visitor import OpenPage, expect_digit, open_tab, until

VIOLATIONS = """() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(event.effectiveDirective);
    });
}"""
PREPARED = """async () => {
    const { page } = await import(new URL("ui/page.js", document.baseURI));
    await page.state.reading.prepare();
    return page.state.reading.failure;
}"""
SMUGGLED = """() => {
    const script = document.createElement("script");
    script.textContent = "window.isSmuggled = true";
    document.body.append(script);
}"""
OUTSIDE = """() => {
    new Image().src = "http://127.0.0.2:9/x.png";
    fetch("http://127.0.0.2:9/x.json").catch(() => {});
}"""


@pytest.mark.served("the folder's policy is a part of its document")
def test_every_tab_and_the_worker_keep_to_the_policy(open_page: OpenPage, host: str) -> None:
    """The fixture fails where the console tells of a violation, one of the worker with them."""
    page = open_page(host, has_worker=True)
    page.evaluate(VIOLATIONS)
    expect_digit(page, 7)
    assert page.evaluate(PREPARED) == ""
    for name in page.get_by_role("tab").all_inner_texts():
        open_tab(page, name)
        page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("window.violations") == []


def test_what_is_smuggled_in_or_lies_outside_is_not_loaded(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.evaluate(VIOLATIONS)
    page.evaluate(SMUGGLED)
    until(page, "window.violations.length === 1")
    assert not page.evaluate("window.isSmuggled ?? false")
    page.evaluate(OUTSIDE)
    until(page, "window.violations.length === 3")
    found = page.evaluate("window.violations")
    assert sorted(found) == ["connect-src", "img-src", "script-src-elem"]
    page.close()
