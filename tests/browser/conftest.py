"""A real Chromium: one that is installed, else Playwright's own, else these tests are skipped.

A test that asks for "page" or "host" runs twice: on the page that the app serves, and on the one
that is a folder on a plain host. Some are marked with "served" and why: they run on the first only.
"""

import copy
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from bench.look import hosted
from resnet.classifier import Classifier
from resnet.studies import depth, shattered, textbook
from resnet.studies.lesion import LesionTable
from resnet.studies.race import USUAL_DEPTH
from tests.browser.visitor import OpenPage, expect_digit, note_questions, settle
from tests.conftest import Measured

expect.set_options(timeout=60_000)  # a machine may be busy; how quick the page is, bench.live says

# The first has no window to fill, and is the quickest.
NAMES = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
    "google-chrome-stable", "chrome",
)  # fmt: skip
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


# --- both pages ----------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    meets_page = {"host", "kind"} <= {*metafunc.fixturenames}
    if meets_page and not metafunc.definition.get_closest_marker("served"):
        metafunc.parametrize("kind", ["served", "static"], indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "served"))


@pytest.fixture
def host(request: pytest.FixtureRequest, kind: str) -> str:
    """Where the page is."""
    return str(request.getfixturevalue("site" if kind == "static" else "address"))


@pytest.fixture(scope="session")
def nets(classifiers: dict[str, Classifier], measured: Measured) -> dict[str, Classifier]:
    """The nets in checkpoints/ as if they had been measured on 20 digits."""
    nets = {variant: copy.copy(net) for variant, net in classifiers.items()}
    for variant, net in nets.items():
        net.about = measured.abouts[variant]
    return nets


@pytest.fixture(scope="session")
def lesions(classifiers: dict[str, Classifier]) -> LesionTable:
    """Figures of nobody, for the nets that are loaded."""

    def table(variant: str, **more: Any) -> dict[str, Any]:
        weights = classifiers[variant].about["weights_sha256"]
        out = {"2": 9100, "4": 9000, "2,4": 8200}
        of_net = {"weights_sha256": weights, "total": 10_000, "whole": 9950}
        return {**of_net, "out": out, "cut": {}, "dial": {}, **more}

    residual = table("residual", cut={"2": 4000}, dial={"5": {"1.25": 9900}})
    plain = table("plain", dial={"5": {"1.25": 9800}})
    plain["out"]["2"] = 1234
    seeds = [
        {variant: {"total": 1000, "whole": 990, "out": {"2": right}} for variant in classifiers}
        for right in (905, 931, 918)
    ]
    about = {"recipe of the seeds": {"epochs": 1}}
    shipped = {"residual": residual, "plain": plain}
    return cast(LesionTable, {"about": about, "shipped": shipped, "seeds": seeds})


@pytest.fixture(scope="session")
def folder(
    nets: dict[str, Classifier],
    measured: Measured,
    lesions: LesionTable,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The page as a folder, below a path of a host. It takes a while: the processes of a run build
    it once. One depth is enough to race at."""
    import app
    from resnet import nearest
    from ui import race, site

    of_run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        of_run = of_run.parent
    folder = of_run / "host" / "below" / "a-path"
    with FileLock(of_run / "site.lock"):
        if not (folder / site.SERVICE_WORKER).exists():  # written last
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(race, "DEPTHS", (USUAL_DEPTH,))
                patch.setattr(race, "RATES", (0.02, 0.1))
                # The nearest digits are MNIST's own, whatever the measured ones are.
                own = nearest.pictures
                patch.setattr(nearest, "pictures", lambda of, _: own(of))
                page = app.build(
                    nets,
                    measured.data,
                    lesions,
                    textbook.load(),
                    depth.load(),
                    shattered=shattered.load(),
                )
                site.write(page, folder, app.TITLE, app.SUMMARY, app.CSS)
                page.close()
    return folder


@pytest.fixture(scope="session")
def site(folder: Path) -> Iterator[str]:
    with hosted(folder) as address:
        yield address


# --- its pages -----------------------------------------------------------------------------------

USUAL = {"viewport": {"width": 1280, "height": 800}, "service_workers": "block"}


class Contexts:
    """Browsers as visitors have them: one of each kind, in which the scripts of a page need to be
    fetched and compiled only once. Between two tests it forgets all else."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.shared: dict[str, BrowserContext] = {}
        self.own: list[BrowserContext] = []  # those with a service worker, which keeps too much

    def get(self, options: Mapping[str, Any]) -> BrowserContext:
        if options["service_workers"] != "block":
            self.own.append(self.browser.new_context(**options))
            return self.own[-1]
        kind = repr(sorted(options.items()))
        if kind not in self.shared:
            self.shared[kind] = self.browser.new_context(**options)
        return self.shared[kind]

    def forget(self) -> None:
        while self.own:
            self.own.pop().close()
        for context in self.shared.values():
            if context.pages:
                for page in context.pages:
                    page.close()
                context.clear_permissions()
                context.set_storage_state({})


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    return Contexts(browser)


@pytest.fixture
def open_page(contexts: Contexts, kind: str) -> Iterator[Callable[..., Page]]:
    """Opens pages. At the end none may have met an error or have asked anyone but the host for
    anything. Where there is a server it reads, unless the page may have its worker: a test cannot
    know when that takes over. Only a page with a service worker keeps anything for later."""
    faults: list[str] = []

    def open_page(address: str, has_worker: bool = kind == "static", **options: Any) -> Page:
        page = contexts.get({**USUAL, **options}).new_page()
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
                if not request.url.startswith((urljoin(address, "."), "data:", "blob:"))
                else None
            ),
        )
        if not has_worker:
            page.add_init_script("delete window.Worker")  # an old browser; a route is slower
        note_questions(page)
        page.goto(address)
        return page

    yield open_page
    contexts.forget()
    assert faults == []


@pytest.fixture
def page(open_page: OpenPage, host: str) -> Page:
    """The page as a visitor meets it: a sample seven, answered by both nets."""
    page = open_page(host)
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
