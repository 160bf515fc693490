"""A real Chromium: one that is installed, else Playwright's own, else these tests are skipped."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.browser.visitor import OpenPage, expect_digit, note_questions, settle

expect.set_options(timeout=60_000)  # a machine may be busy; how quick the page is, bench.live says

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> str:
    """The path of a Chromium; where there is none Playwright tries to fetch its own."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    own = Path(playwright.chromium.executable_path)
    if not own.exists():
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(command, capture_output=True, timeout=600, check=False)
    if own.exists():
        return str(own)
    reason = "no Chromium is installed and Playwright could not fetch one"
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(reason)
    pytest.skip(f"browser tests: {reason}")


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield browser
    browser.close()


# In the place of the page's worker: it cannot, as in an old browser, so the server goes on.
NO_WORKER = 'addEventListener("message", () => postMessage({ failed: "Not in this test." }));'


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages in contexts of their own. At the end none may have met an error or have asked
    anyone but the app for anything. The server reads, unless the page may have its worker: a test
    cannot know when that takes over."""
    contexts = []
    faults: list[str] = []

    def open_page(address: str, has_worker: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)  # as above
        page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
        page.on(
            "console",
            lambda message: (
                faults.append(f"console: {message.text}")
                if message.type == "error" and not is_expected(page, message.text)
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                faults.append(f"outside: {request.url}")
                if not request.url.startswith((address.partition("#")[0], "data:", "blob:"))
                else None
            ),
        )
        if not has_worker:
            program = {"content_type": "text/javascript", "body": NO_WORKER}
            page.route("**/ui/worker/worker.js", lambda route: route.fulfill(**program))
        note_questions(page)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(open_page: OpenPage, address: str) -> Page:
    """The page as a visitor meets it: a sample seven, answered by both nets."""
    page = open_page(address)
    expect_digit(page, 7)
    # Then the board knows whether it is in sight, and has asked if it is.
    expect(page.get_by_test_id("board")).to_have_attribute(
        "data-in-sight", re.compile("true|false")
    )
    settle(page)
    return page


def is_expected(page: Page, text: str) -> bool:
    """While a test has taken the server away the browser says so in its console."""
    return bool(getattr(page, "server_is_gone", False)) and "ERR_" in text
