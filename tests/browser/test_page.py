"""A visitor's ways: draw, undo, clear, upload, choose, and lose the server."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from resnet import checkpoint, ink, mnist, samples
from tests.browser.visitor import (
    PHONE,
    OpenPage,
    Point,
    answer_id,
    card,
    dark_share,
    draw,
    expect_digit,
    on_pad,
    open_tab,
    settle,
    wait_for_questions,
)

ROOT = Path(__file__).parent.parent.parent


def test_a_sample_is_answered_on_arrival(page: Page) -> None:
    expect(page).to_have_title("With and without shortcuts")
    expect(page.get_by_test_id("sentence")).to_have_text("Both read a 7.")
    expect(page.get_by_test_id("verdict")).to_have_text("agree")
    assert dark_share(page) > 0.01
    for variant in checkpoint.VARIANTS:
        expect(card(page, variant).get_by_role("listitem")).to_have_count(3)
        numbers = card(page, variant).locator(".number").all_inner_texts()
        assert sum(map(float, numbers)) == pytest.approx(100, abs=0.6)
    page.get_by_label("All ten").check()
    expect(card(page, "plain").get_by_role("listitem")).to_have_count(10)


@pytest.mark.served("the same scripts do it on both")
def test_an_eight_is_an_eight_wherever_it_is_said(page: Page) -> None:
    page.locator('[data-sample="8"]').click()
    expect(page.get_by_test_id("sentence")).to_have_text("Both read an 8.")
    expect(page.get_by_test_id("said")).to_contain_text("With shortcuts: an 8.")


def test_draw_any_digit_and_both_answer(page: Page) -> None:
    for digit in range(10):
        page.get_by_role("button", name="Clear").click()
        expect_digit(page, "")
        draw(page, digit)
        expect_digit(page, digit)


def test_answers_arrive_while_the_pen_is_down(page: Page) -> None:
    before = answer_id(page)
    (stroke,) = samples.sample(3)
    page.mouse.move(*on_pad(page, stroke[0]))
    page.mouse.down()
    for point in stroke[1:]:
        page.mouse.move(*on_pad(page, point))
    expect_digit(page, 3)
    assert answer_id(page) > before + 2
    page.mouse.up()
    expect_digit(page, 3)


@pytest.mark.served("the same scripts do it on both")
def test_a_tap_leaves_a_dot(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    page.mouse.click(*on_pad(page, (50, 50)))
    assert dark_share(page) == pytest.approx(3.14 * 0.026**2, rel=0.1)


@pytest.mark.served("the same scripts do it on both")
def test_keys_work_after_an_upload(
    page: Page, tmp_path: Path, encoded: Callable[..., bytes]
) -> None:
    file = tmp_path / "seven.png"
    file.write_bytes(encoded(mnist.load().test.images[0].numpy()))
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("upload").click()
    chooser.value.set_files(file)
    expect_digit(page, 7)
    page.keyboard.press("Escape")
    expect_digit(page, "")


@pytest.mark.served("the same scripts do it on both")
def test_the_first_stroke_replaces_the_sample_and_the_next_does_not(page: Page) -> None:
    draw(page, 1)
    expect_digit(page, 1)
    one = dark_share(page)
    draw(page, 0)
    expect(page.get_by_test_id("pad")).to_be_visible()
    assert dark_share(page) > one


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("way", ["button", "keys"])
def test_undo_and_clear(page: Page, way: str) -> None:
    page.get_by_role("button", name="Clear").click()
    expect_digit(page, "")
    assert dark_share(page) == 0
    expect(page.get_by_test_id("sentence")).to_have_text("Draw a digit and watch.")

    draw(page, 1)
    expect_digit(page, 1)
    inked = dark_share(page)
    page.mouse.move(*on_pad(page, (20, 20)))
    page.mouse.down()
    page.mouse.move(*on_pad(page, (80, 80)), steps=5)
    page.mouse.up()
    assert dark_share(page) > inked
    if way == "button":
        page.get_by_role("button", name="Undo").click()
    else:
        page.keyboard.press("Control+z")
    expect_digit(page, 1)
    assert dark_share(page) == pytest.approx(inked, abs=1e-4)

    if way == "button":
        page.get_by_role("button", name="Clear").click()
    else:
        page.keyboard.press("Escape")
    expect_digit(page, "")
    assert dark_share(page) == 0


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("way", ["button", "keys"])
def test_undo_brings_back_what_clear_took(page: Page, way: str) -> None:
    draw(page, 3)
    expect_digit(page, 3)
    inked = dark_share(page)
    undo = page.get_by_role("button", name="Undo")
    for _ in range(2):  # the second time after a stroke in between
        if way == "button":
            page.get_by_role("button", name="Clear").click()
        else:
            page.keyboard.press("Escape")
        expect_digit(page, "")
        undo.click()
        expect_digit(page, 3)
        assert dark_share(page) == inked
        page.get_by_role("button", name="Clear").click()
        page.mouse.click(*on_pad(page, (50, 50)))
        assert 0 < dark_share(page) < inked
        undo.click()
        assert dark_share(page) == 0
        expect_digit(page, "")
        undo.click()
        expect_digit(page, 3)
    assert dark_share(page) == inked


@pytest.mark.served("the same scripts do it on both")
def test_escape_leaves_the_pad_while_another_control_has_the_focus(page: Page) -> None:
    radio = page.get_by_role("radio", name="Both")
    for control in (radio, page.get_by_role("tab", name="Draw"), page.locator("#lab summary")):
        control.focus()
        page.keyboard.press("Escape")
        assert dark_share(page) > 0
    radio.focus()
    draw(page, 1)  # which takes the focus
    expect_digit(page, 1)
    page.keyboard.press("Escape")
    expect_digit(page, "")


@pytest.mark.served("the same scripts do it on both")
def test_a_screen_reader_hears_of_a_drawing_once(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 3000})  # all parts are in sight, and answer
    for part in ("paths", "deeper"):
        expect_answered(page, part, 7)
    page.evaluate(
        """() => {
            window.heard = [];
            const spoken = '[role="status"], [role="alert"], [aria-live]';
            const hear = (records) => {
                const places = records.map(({target}) => {
                    const element = target.parentElement?.closest(spoken) ?? target;
                    return target.matches?.(spoken) ? target : element;
                });
                for (const place of new Set(places)) window.heard.push(place.textContent);
            };
            for (const place of document.querySelectorAll(spoken)) {
                new MutationObserver(hear)
                    .observe(place, {childList: true, characterData: true, subtree: true});
            }
        }"""
    )
    draw(page, 9)
    expect_digit(page, 9)
    for part in ("paths", "deeper"):
        expect_answered(page, part, 9)
    settle(page)
    heard = page.evaluate("window.heard")
    assert heard.count("Both read a 9.") == 1
    assert len(heard) <= 2  # the cards', and the board's
    # A choice is no drawing, and heard of too.
    page.get_by_role("radio", name="Residual").check(force=True)
    assert "With shortcuts: a 9." in page.evaluate("window.heard")


def expect_answered(page: Page, part: str, digit: int) -> None:
    """What this part says of the drawing."""
    expect(page.get_by_test_id(f"{part}-said")).to_contain_text(f"a {digit}")


def test_sample_digits(page: Page) -> None:
    for digit in range(10):
        page.get_by_role("button", name=str(digit), exact=True).click()
        expect_digit(page, digit)


@pytest.mark.served("the same scripts do it on both")
def test_the_nets_shown_are_a_choice(page: Page) -> None:
    residual, plain = (card(page, variant) for variant in checkpoint.VARIANTS)
    page.get_by_role("radio", name="Residual").check(force=True)
    expect(residual).to_be_visible()
    expect(plain).to_be_hidden()
    expect(page.get_by_test_id("sentence")).to_have_text("With shortcuts: a 7.")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Plain")).to_be_checked()
    expect(residual).to_be_hidden()
    expect(plain).to_be_visible()
    page.get_by_role("radio", name="Both").check(force=True)
    expect(residual).to_be_visible()
    expect(plain).to_be_visible()


def test_upload(page: Page, tmp_path: Path, encoded: Callable[..., bytes]) -> None:
    labels = mnist.load().test.labels[:3].tolist()
    for format, image in zip(("PNG", "JPEG", "WEBP"), mnist.load().test.images, strict=False):
        file = tmp_path / f"digit.{format.lower()}"
        file.write_bytes(encoded(255 - np.kron(image, np.ones((30, 30), np.uint8)), format))
        page.get_by_test_id("upload").set_input_files(file)
        expect_digit(page, labels.pop(0))
    page.get_by_role("button", name="Undo").click()
    expect_digit(page, "")


def test_an_upload_that_is_no_picture_loses_nothing(page: Page, tmp_path: Path) -> None:
    draw(page, 3)
    expect_digit(page, 3)
    inked = dark_share(page)
    file = tmp_path / "digit.png"
    file.write_text("no picture")
    page.get_by_test_id("upload").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("not a picture")
    expect_digit(page, 3)
    assert dark_share(page) == inked


@pytest.mark.served("the same scripts do it on both")
def test_what_is_wrong_with_a_file_stands_until_something_else_is_drawn(
    page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "digit.png"
    file.write_text("no picture")
    held: list[Route] = []
    page.route("**/component_server/", lambda route: held.append(route))
    draw(page, 3)
    wait_for_questions(page, held, 1)
    page.get_by_test_id("upload").set_input_files(file)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("not a picture")
    held[0].continue_()
    page.unroute("**/component_server/")
    expect_digit(page, 3)  # an answer that came afterwards
    settle(page)
    expect(alert).to_contain_text("not a picture")
    page.get_by_role("button", name="Clear").click()
    expect(alert).to_be_hidden()


@pytest.mark.served("the same scripts do it on both")
def test_what_the_nets_see(page: Page) -> None:
    seen = page.get_by_test_id("seen")
    levels = seen.evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 0, 32, 32).data]")
    picture = np.array(levels).reshape(32, 32, 4)[:, :, 0]
    y, x = np.nonzero(picture)
    assert picture.max() == 255
    assert max(np.ptp(x), np.ptp(y)) == pytest.approx(ink.BOX, abs=2)


@pytest.mark.served("the same scripts do it on both")
def test_cards_stand_still_while_answers_change(page: Page) -> None:
    def boxes() -> list[object]:
        return [card(page, variant).bounding_box() for variant in checkpoint.VARIANTS]

    before = boxes()
    for digit in (1, 4, 8):
        page.get_by_role("button", name=str(digit), exact=True).click()
        expect_digit(page, digit)
        assert boxes() == before
    page.get_by_role("button", name="Clear").click()
    expect_digit(page, "")
    assert boxes() == before


@pytest.mark.served("holds the question to the server")
def test_one_request_at_a_time_and_the_newest_wins(page: Page) -> None:
    page.evaluate(
        """() => {
            const send = window.fetch;
            window.bodies = [];
            const gate = new Promise((open) => { window.open_gate = open; });
            window.fetch = async (address, options) => {
                if (String(address).includes("component_server")) {
                    window.bodies.push(options.body);
                    await gate;
                }
                return send(address, options);
            };
        }"""
    )
    page.mouse.move(*on_pad(page, (50, 20)))
    page.mouse.down()
    for y in (35, 50, 65, 80):
        page.mouse.move(*on_pad(page, (50, y)))
    page.mouse.up()
    assert len(page.evaluate("window.bodies")) == 1  # the pen's first point is still under way
    page.evaluate("window.open_gate()")
    expect_digit(page, 1)
    first, second = page.evaluate("window.bodies")  # and then the whole drawing, nothing between
    assert len(json.loads(first)["data"]["strokes"][0]) == 1
    assert len(json.loads(second)["data"]["strokes"][0]) == 5


@pytest.mark.served("holds the question to the server")
def test_clear_while_an_answer_is_under_way_is_clear_at_once_and_stays_so(page: Page) -> None:
    held: list[Route] = []
    page.route("**/component_server/", lambda route: held.append(route))
    draw(page, 1)
    page.get_by_role("button", name="Clear").click()
    expect_digit(page, "")
    assert dark_share(page) == 0
    page.evaluate(
        """() => {
            const card = document.querySelector('[data-testid="answer-plain"]');
            window.shown = [];
            new MutationObserver(() => window.shown.push(card.dataset.digit))
                .observe(card, {attributes: true});
        }"""
    )
    assert len(held) == 1
    with page.expect_response("**/component_server/"):
        held[0].continue_()
    page.wait_for_timeout(200)  # an answer that came in spite of it would be here by now
    assert set(page.evaluate("window.shown")) <= {""}
    expect_digit(page, "")


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_can_be_seen_in_light_and_dark(open_page: OpenPage, host: str, scheme: str) -> None:
    page = open_page(host, color_scheme=scheme)
    expect_digit(page, 7)
    colour = page.get_by_test_id("pad").evaluate("canvas => getComputedStyle(canvas).color")
    paper = page.locator(".paper").evaluate("e => getComputedStyle(e).backgroundColor")
    light, dark = (paper, colour) if scheme == "light" else (colour, paper)
    assert min(numbers(light)) > 230
    assert max(numbers(dark)) < 50


def numbers(colour: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", colour)[:3]]


# --- its scripts ---------------------------------------------------------------------------------


@pytest.mark.served("the same scripts do it on both")
def test_a_part_that_loads_late_shows_what_came_before_it(page: Page) -> None:
    held: list[Route] = []
    page.route("**/ui/board.js", lambda route: held.append(route))
    page.reload()
    expect_digit(page, 7)
    said = page.get_by_test_id("said")
    expect(said).to_be_empty()
    held[0].continue_()
    expect(said).to_contain_text("With shortcuts: a 7.")


@pytest.mark.served("the same scripts do it on both")
def test_without_one_part_the_others_work(page: Page) -> None:
    nothing = {"content_type": "text/javascript", "body": "export const mount = () => {};"}
    page.route("**/ui/cards.js", lambda route: route.fulfill(**nothing))
    page.reload()
    expect(page.get_by_test_id("said")).to_contain_text("With shortcuts: a 7.")
    page.locator('[data-sample="3"]').click()
    expect(page.get_by_test_id("said")).to_contain_text("With shortcuts: a 3.")


@pytest.mark.served("test_site.py does it")
def test_the_page_works_below_a_path(page: Page, address: str) -> None:
    """As behind a proxy that hands on what comes below /demo/."""
    below = f"{address}demo/"

    def hand_on(route: Route) -> None:
        route.continue_(url=route.request.url.replace(below, address))

    page.route(f"{below}**", hand_on)
    scripts = []
    page.on("request", lambda it: scripts.append(it.url) if "/ui/" in it.url else None)
    page.goto(below)
    expect_digit(page, 7)
    assert scripts
    assert all(url.startswith(below) for url in scripts)


# --- the phone -------------------------------------------------------------------------------


def test_touch_draws_and_does_not_scroll(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight + 200")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *points: Point) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    (stroke,) = samples.sample(6)
    finger("touchStart", on_pad(page, stroke[0]))
    for point in stroke[1::2]:
        finger("touchMove", on_pad(page, point))
    finger("touchMove", on_pad(page, stroke[-1]))
    finger("touchEnd")
    expect_digit(page, 6)
    assert page.evaluate("scrollY") == 0
    assert dark_share(page) > 0.01


def test_on_a_phone_both_answers_are_in_sight_with_the_pad(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    chips = page.locator("[data-strip] .chip")
    expect(chips).to_have_count(2)
    for chip, title in zip(chips.all(), ("With shortcuts", "Without"), strict=True):
        expect(chip).to_be_in_viewport(ratio=1)
        expect(chip).to_contain_text(f"{title}7")
    expect(page.get_by_test_id("pad")).to_be_in_viewport(ratio=1)


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_tabs_stay_where_they_are(open_page: OpenPage, host: str, size: dict[str, Any]) -> None:
    page = open_page(host, **size)
    tabs = page.locator('#tabs [role="tab"]:visible')
    expect(tabs).to_have_count(6)
    before = [tab.bounding_box() for tab in tabs.all()]
    for name in ("Depth and gradients", "Mistakes"):
        open_tab(page, name)
        assert [tab.bounding_box() for tab in tabs.all()] == before


@pytest.mark.served("the same scripts do it on both")
def test_a_phone_has_narrow_margins(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    main = page.locator("main")
    expect(main).to_have_css("padding", "14px 14px 32px")
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(main).to_have_css("padding", "8px 18px 40px")


# --- the server goes -------------------------------------------------------------------------


@pytest.fixture
def serve(free_port: int) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts the app on one and the same port, each time it is called."""
    processes: list[subprocess.Popen[str]] = []

    def serve() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(free_port)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout is not None
        assert "http" in process.stdout.readline()
        return process

    yield serve
    for process in processes:
        process.kill()
        process.communicate()


def test_the_server_goes_and_comes_back(
    open_page: OpenPage, serve: Callable[[], subprocess.Popen[str]], free_port: int
) -> None:
    process = serve()
    page = open_page(f"http://127.0.0.1:{free_port}/")
    expect_digit(page, 7)
    page.server_is_gone = True  # type: ignore[attr-defined]
    process.kill()
    process.wait()
    draw(page, 3)
    expect(page.get_by_role("alert")).to_have_text(
        "The server does not answer. Your drawing is kept; trying again.", timeout=5000
    )
    draw(page, 3)  # the pen still draws
    inked = dark_share(page)
    assert inked > 0.01
    serve()
    expect_digit(page, 3)
    expect(page.get_by_role("alert")).to_be_hidden()
    assert dark_share(page) == inked


@pytest.mark.served("needs a server")
def test_a_server_that_hangs_is_noticed(page: Page) -> None:
    held: list[Route] = []
    page.route("**/component_server/", lambda route: held.append(route))
    started = time.monotonic()
    draw(page, 1)
    expect(page.get_by_role("alert")).to_contain_text("does not answer", timeout=8000)
    assert time.monotonic() - started > 3
    page.unroute("**/component_server/")
    expect_digit(page, 1)
    expect(page.get_by_role("alert")).to_be_hidden()
