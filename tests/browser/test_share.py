"""Sharing: link, QR code, picture and handout; and the replay of a drawing."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageSequence
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import KEEP_QUESTIONS, after, on_pad, scribble, settle, until


def opened(page: Page) -> Locator:
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Take it home")
    expect(dialog).to_be_visible()
    return dialog


def coded(picture: bytes) -> list[str]:
    """The text of each QR code in the picture."""
    return [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))]


def saved(page: Page, button: Locator, path: Path) -> Image.Image:
    with page.expect_download() as download:
        button.click()
    download.value.save_as(path)
    return Image.open(io.BytesIO(path.read_bytes()))


def test_the_page_is_handed_on(page: Page, tmp_path: Path) -> None:
    after(page, page.locator('[data-net="plain"] [data-unit="2"]').click)
    settle(page)
    dialog = opened(page)
    address = dialog.get_by_role("textbox", name="Link").input_value()
    assert address == page.url
    assert address.endswith("#o=2")
    assert coded(dialog.screenshot()) == [address]

    picture = saved(page, dialog.get_by_role("button", name="Save a picture"), tmp_path / "a.png")
    pixels = np.array(picture.convert("RGB")).astype(int)
    assert pixels.shape[1] == 2400
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()  # white to its corners
    red, _, blue = pixels.transpose(2, 0, 1)
    assert ((blue - red) > 100).sum() > 5000  # the answer with shortcuts
    assert ((red - blue) > 100).sum() > 5000  # the one without
    rows = pixels[900:-150, 100:-100].max(axis=2)
    assert (rows < 60).mean() > 0.1  # maps, which are dark
    expect(dialog).to_contain_text("The picture is saved.")

    page.evaluate("window.print = () => { window.printed = true; }")
    dialog.get_by_role("button", name="Print a handout").click()
    until(page, "window.printed === true")
    page.emulate_media(media="print")
    sheet = page.locator("body > .handout")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("y = f(x) + x")
    expect(sheet.locator(".taken")).to_be_visible()
    expect(page.get_by_test_id("pad")).to_be_hidden()
    assert coded(sheet.screenshot()) == [address]
    page.evaluate("document.documentElement.style.zoom = '1.5'")  # as while one presents
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(sheet).to_have_count(0)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


@pytest.mark.served("the same scripts do it on both")
def test_a_link_too_long_for_a_code_says_so(page: Page) -> None:
    scribble(page, 12)
    settle(page)
    dialog = opened(page)
    expect(dialog).to_contain_text("too long for a QR code")
    expect(dialog.locator(".code")).to_be_hidden()
    assert len(dialog.get_by_role("textbox", name="Link").input_value()) > 800


@pytest.mark.served("the same scripts do it on both")
def test_a_drawing_is_played_again(page: Page, tmp_path: Path) -> None:
    replay = page.get_by_test_id("replay")
    play = replay.get_by_role("button", name="Play it again")
    slider = replay.get_by_role("slider")
    expect(play).to_be_disabled()  # a sample has not grown
    page.get_by_role("button", name="Clear").click()
    strokes = ((70, 20), (30, 20), (30, 45)), ((30, 45), (65, 50), (65, 75), (30, 80))
    page.mouse.move(*on_pad(page, strokes[0][0]))
    for stroke in strokes:
        page.mouse.move(*on_pad(page, stroke[0]))
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*on_pad(page, point), steps=4)
            settle(page)  # so that this much of it is answered
        page.mouse.up()
        settle(page)
    expect(replay.get_by_test_id("story")).to_contain_text("settled on the 5")
    for variant in ("residual", "plain"):
        course = replay.locator(f'[data-course="{variant}"]')
        expect(course.locator(".spans .last").last).to_have_text("5")
        expect(course.locator(".digit")).to_have_text("5")
        certain = page.get_by_test_id(f"answer-{variant}").locator(".certainty").inner_text()
        expect(course.locator(".certainty")).to_have_text(certain)

    shown = replay.locator("canvas")
    picture = "canvas => canvas.toDataURL()"
    whole = shown.evaluate(picture)
    slider.fill("30")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^30 %: with shortcuts "))
    assert shown.evaluate(picture) != whole
    page.evaluate(KEEP_QUESTIONS)
    play.click()
    until(page, "document.querySelector('#replay input').value === '100'")
    assert shown.evaluate(picture) == whole
    assert page.evaluate("window.questions") == []

    film = saved(page, replay.get_by_role("button", name="Save the replay"), tmp_path / "a.gif")
    inked = [
        int((np.array(frame.convert("L"))[:252, :252] < 90).sum())
        for frame in ImageSequence.Iterator(film)
    ]
    assert len(inked) > 3
    assert inked == sorted(inked)  # the drawing only grows
    assert inked[0] < inked[-1]
