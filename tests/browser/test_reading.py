"""The server reads first, then the worker of the page, and the server again where that cannot."""

import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from resnet import lenses, mnist
from tests.browser.visitor import (
    ASKED,
    OpenPage,
    after,
    dark_share,
    draw,
    expect_digit,
    open_tab,
    settle,
    wait_until,
)
from tests.server import ROOT
from ui.board import TITLES

READY = 120_000  # ms: a busy machine takes its time
HERE, BY_SERVER = "Read here", "Read by the server"


def expect_reader(page: Page, words: str) -> None:
    expect(page.get_by_test_id("reader")).to_have_text(words)


def wait_for_worker(page: Page) -> str:
    """Until it is ready, or has failed: then the reason."""
    return str(
        page.evaluate(
            """async () => {
                const { page } = await import(new URL("ui/page.js", document.baseURI));
                await page.state.reading.prepare();
                return page.state.reading.failure;
            }"""
        )
    )


def test_the_worker_takes_over_unseen(open_page: OpenPage, address: str) -> None:
    page = open_page(address, has_worker=True)
    expect_digit(page, 7)
    settle(page)
    expect_reader(page, BY_SERVER)
    boxes = layout(page)
    assert wait_for_worker(page) == ""
    settle(page)
    asked: list[str] = []
    page.on("request", lambda it: asked.append(it.url) if "component_server" in it.url else None)
    for digit in (3, 8):
        after(page, functools.partial(draw, page, digit))
        expect_reader(page, HERE)
        expect_digit(page, digit)
        page.get_by_role("button", name="Clear").click()
        expect_digit(page, "")
    page.locator('[data-sample="7"]').click()
    expect_digit(page, 7)
    assert layout(page) == boxes
    assert asked == []


def layout(page: Page) -> list[object]:
    parts = ("pad", "cards", "tour", "board")
    return [page.locator(f"#{name}").bounding_box() for name in parts]


def test_both_give_the_same_answers(open_page: OpenPage, address: str) -> None:
    page = open_page(address, has_worker=True)
    ways: list[list[list[str]]] = []
    for reader in (BY_SERVER, HERE):
        found = []
        for digit in (2, 5):
            page.get_by_role("button", name=str(digit), exact=True).click()
            expect_digit(page, digit)
            settle(page)
            found.append(page.locator("#cards .number").all_inner_texts())
        ways.append(found)
        if reader == BY_SERVER:
            wait_for_worker(page)
            page.locator('[data-sample="7"]').click()
            expect_digit(page, 7)
        expect_reader(page, HERE)
    for one, other in zip(*ways, strict=True):
        # Weights of one byte move an answer by less than a percent.
        assert [float(text) for text in one] == pytest.approx([*map(float, other)], abs=1)


@pytest.mark.parametrize("lack", ["worker", "wasm", "damaged", "missing"])
def test_a_browser_that_cannot_keeps_the_server(
    open_page: OpenPage, address: str, lack: str
) -> None:
    page = open_page(address, has_worker=True)
    if lack == "worker":
        page.add_init_script("delete window.Worker")
    elif lack == "wasm":
        old = {"content_type": "application/wasm", "body": b"\0asm\1\0\0\0\1"}
        page.route("**/tfjs.wasm", lambda route: route.fulfill(**old))
    elif lack == "damaged":
        page.route("**/nets/plain.*", cut)
    else:
        names = '{"nets": ["gone.0.safetensors"], "readbacks": {}, "digits": null}'
        page.route("**/nets/list.json", lambda route: route.fulfill(body=names))
        gone = {"status": 204}
        page.route("**/gone.0.safetensors", lambda route: route.fulfill(**gone))
    page.reload()
    expect_digit(page, 7)
    failed = wait_for_worker(page)
    assert failed
    if lack == "damaged":
        assert failed.startswith("plain.")
        assert failed.endswith("is cut, damaged or another one.")
    after(page, lambda: draw(page, 3))
    expect_digit(page, 3)
    expect_reader(page, BY_SERVER)


def cut(route: Route) -> None:
    whole = route.fetch()
    route.fulfill(status=200, body=whole.body()[:-1], content_type="application/octet-stream")


# --- the server goes ----------------------------------------------------------------------------


@pytest.fixture
def server(free_port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "app.py", "--port", str(free_port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "http" in process.stdout.readline()
        yield process
        process.kill()


def test_the_server_goes_and_all_that_is_drawn_goes_on(
    open_page: OpenPage,
    server: subprocess.Popen[str],
    free_port: int,
    tmp_path: Path,
    encoded: Callable[..., bytes],
) -> None:
    page = open_page(f"http://127.0.0.1:{free_port}/", has_worker=True)
    came: list[str] = []
    page.on("requestfinished", lambda request: came.append(request.url))
    expect_digit(page, 7)
    wait_for_worker(page)
    listed = page.request.get(f"http://127.0.0.1:{free_port}/nets/list.json").json()
    last = listed["nearestDigits"]  # of what the worker loads behind
    wait_until(page, lambda: any(url.endswith(last) for url in came))
    page.wait_for_load_state("networkidle", timeout=READY)
    page.server_is_gone = True  # type: ignore[attr-defined]
    server.kill()
    server.wait()

    after(page, lambda: draw(page, 3))
    expect_digit(page, 3)
    expect_reader(page, HERE)
    page.get_by_test_id("board").scroll_into_view_if_needed()
    for lens in lenses.LENSES:
        page.get_by_text(TITLES[lens], exact=True).click()
        cells = page.locator(f'#board .cell[data-lens="{lens}"]')
        expect(cells).to_have_count(18)
    after(page, page.locator('[data-net="plain"] [data-unit="2"]').click)
    expect(page.locator("[data-altered=plain]")).not_to_be_empty()
    after(page, page.get_by_role("button", name="Put all back").last.click)

    page.locator("#lab summary").click()
    settle(page)
    page.locator("#lab [name=centre]").uncheck()
    settle(page)
    assert dark_share(page) > 0
    page.locator("#lab summary").click()

    open_tab(page, "Mistakes")
    button = page.locator("#mistakes button").first
    expect(button).to_be_enabled()
    index = int(button.get_attribute("data-index") or -1)
    after(page, button.click)
    label = int(mnist.load().test.labels[index])
    source = f"MNIST test digit {index}, labelled {label}"
    expect(page.get_by_test_id("source")).to_have_text(source)

    file = tmp_path / "seven.png"
    file.write_bytes(encoded(mnist.load().test.images[0].numpy()))
    upload = functools.partial(page.get_by_test_id("upload").set_input_files, file)
    after(page, upload)
    expect_digit(page, 7)
    expect_reader(page, HERE)
    expect(page.locator("#pad .trouble")).to_be_empty()
    assert not ASKED[page]
