"""The ink lab: from the drawing to the picture the nets see, step by step."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from resnet import checkpoint, ink, lab, mnist, samples
from tests.browser.visitor import (
    PHONE,
    OpenPage,
    after,
    card,
    dark_share,
    expect_digit,
    on_pad,
    pass_two_frames,
    sent,
)

NOTE = "Preparation is partly off."


def summary(page: Page) -> Locator:
    return page.get_by_test_id("lab").locator("summary")


def open_lab(page: Page) -> None:
    after(page, summary(page).click)
    expect(page.get_by_test_id("lab")).to_have_attribute("open", "")


def switch(page: Page, step: str) -> Locator:
    return page.get_by_role("checkbox", name=step.title())


def pen(page: Page) -> Locator:
    return page.get_by_role("slider", name="Pen thickness")


def put_back(page: Page) -> Locator:
    return page.get_by_test_id("lab").get_by_role("button", name="Put all back")


def set_pen(page: Page, units: int) -> None:
    after(page, lambda: pen(page).fill(str(units)))


def levels(canvas: Locator) -> np.ndarray:
    data = canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, 32, 32).data]")
    return np.array(data).reshape(32, 32, 4)[:, :, 0]


def steps(page: Page) -> list[np.ndarray]:
    return [levels(canvas) for canvas in page.get_by_test_id("lab").locator("canvas").all()]


def seen(page: Page) -> np.ndarray:
    return levels(page.get_by_test_id("seen"))


def extent(picture: np.ndarray) -> int:
    return int(max(np.ptp(along) + 1 for along in np.nonzero(picture > 127)))


def answers(page: Page) -> list[str]:
    return [card(page, variant).inner_text() for variant in checkpoint.VARIANTS]


def draw_tiny_seven(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    for stroke in samples.sample(7):
        page.mouse.move(*on_pad(page, (3 + stroke[0][0] / 5, 3 + stroke[0][1] / 5)))
        page.mouse.down()
        for x, y in stroke[1:]:
            page.mouse.move(*on_pad(page, (3 + x / 5, 3 + y / 5)))
        page.mouse.up()
    expect_digit(page, 7)


@pytest.mark.served("the same scripts do it on both")
def test_it_is_closed_and_then_asks_as_ever(page: Page) -> None:
    expect(page.get_by_test_id("lab")).not_to_have_attribute("open", "")
    expect(page.get_by_test_id("lab").get_by_role("checkbox")).to_have_count(0)
    sample = page.locator('[data-sample="3"]')
    drawing = sent(page, sample.click)
    assert "lab" not in drawing
    expected = [[10 * x, 10 * y] for stroke in samples.sample(3) for x, y in stroke]
    assert np.array(drawing["strokes"][0]) == pytest.approx(np.array(expected))


@pytest.mark.served("the same scripts do it on both")
def test_opening_shows_the_steps_and_moves_no_card(page: Page) -> None:
    boxes = [card(page, variant).bounding_box() for variant in checkpoint.VARIANTS]
    before, picture = answers(page), seen(page)
    open_lab(page)
    pictures = steps(page)
    assert len(pictures) == 1 + len(lab.STEPS)
    assert all(one.max() > 127 for one in pictures)
    assert (pictures[-1] == seen(page)).all()
    assert (seen(page) == picture).all()
    assert extent(pictures[1]) == pytest.approx(32, abs=1)
    assert extent(pictures[2]) == pytest.approx(ink.BOX, abs=1)
    assert answers(page) == before
    assert [card(page, variant).bounding_box() for variant in checkpoint.VARIANTS] == boxes


def test_a_step_switched_off_changes_what_is_seen(page: Page) -> None:
    open_lab(page)
    expect(page.get_by_text(NOTE)).to_be_hidden()
    after(page, switch(page, "box").uncheck)
    _, cropped, boxed, lined, last = steps(page)
    assert (boxed == cropped).all()
    assert extent(lined) == pytest.approx(32, abs=1)
    assert extent(last) > ink.BOX  # centred, a part of it is cut off: hence the margin of the box
    assert (last == seen(page)).all()
    expect(page.get_by_text(NOTE)).to_be_visible()
    after(page, switch(page, "box").check)
    assert extent(seen(page)) == pytest.approx(ink.BOX, abs=1)
    expect(page.get_by_text(NOTE)).to_be_hidden()


@pytest.mark.served("the same scripts do it on both")
def test_a_tiny_seven_in_a_corner_needs_preparation(page: Page) -> None:
    draw_tiny_seven(page)
    open_lab(page)
    for step in lab.STEPS:
        after(page, switch(page, step).uncheck)
    for variant in checkpoint.VARIANTS:
        expect(card(page, variant)).not_to_have_attribute("data-digit", "7")
    assert seen(page)[12:].max() == seen(page)[:, 12:].max() == 0
    after(page, put_back(page).click)
    expect_digit(page, 7)


@pytest.mark.served("the same scripts do it on both")
def test_the_pen_matters_with_the_line_step_off_only(page: Page) -> None:
    draw_tiny_seven(page)
    open_lab(page)
    inked, before = dark_share(page), answers(page)
    set_pen(page, lab.THICKEST)
    assert dark_share(page) > 2 * inked
    assert answers(page) == before
    after(page, switch(page, "line").uncheck)
    thick = seen(page).sum()
    assert answers(page) != before
    set_pen(page, lab.THINNEST)
    assert seen(page).sum() < thick / 2


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("way", ["button", "closing"])
def test_all_is_put_back(page: Page, way: str) -> None:
    inked, before, picture = dark_share(page), answers(page), seen(page)
    open_lab(page)
    after(page, switch(page, "crop").uncheck)
    set_pen(page, lab.THICKEST)
    after(page, switch(page, "line").uncheck)
    assert (seen(page) != picture).any()
    if way == "button":
        after(page, put_back(page).click)
    else:
        after(page, summary(page).click)
    expect(page.get_by_text(NOTE)).to_be_hidden()
    assert answers(page) == before
    assert (seen(page) == picture).all()
    assert dark_share(page) == pytest.approx(inked, abs=1e-4)
    if way == "closing":
        assert "lab" not in sent(page, page.locator('[data-sample="3"]').click)
        open_lab(page)
    for step in lab.STEPS:
        expect(switch(page, step)).to_be_checked()
    assert pen(page).input_value() == str(lab.PEN)


@pytest.mark.served("the same scripts do it on both")
def test_keys_reach_all_of_it(page: Page) -> None:
    summary(page).focus()
    after(page, lambda: page.keyboard.press("Enter"))
    page.keyboard.press("Tab")
    expect(put_back(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(pen(page)).to_be_focused()
    inked = dark_share(page)
    after(page, lambda: page.keyboard.press("End"))
    assert dark_share(page) > inked
    for step in lab.STEPS:
        page.keyboard.press("Tab")
        expect(switch(page, step)).to_be_focused()
        after(page, lambda: page.keyboard.press("Space"))
        expect(switch(page, step)).not_to_be_checked()
    page.keyboard.press("Escape")  # is for the pad alone
    pass_two_frames(page)
    assert dark_share(page) > 0


@pytest.mark.served("the same scripts do it on both")
def test_an_empty_pad_gives_blank_steps(page: Page) -> None:
    open_lab(page)
    page.get_by_role("button", name="Clear").click()
    expect_digit(page, "")
    assert not np.stack(steps(page)).any()
    after(page, page.locator('[data-sample="4"]').click)
    assert np.stack(steps(page)).any((1, 2)).all()


def test_an_image_keeps_its_lines(
    page: Page, tmp_path: Path, encoded: Callable[..., bytes]
) -> None:
    open_lab(page)
    file = tmp_path / "seven.png"
    file.write_bytes(encoded(mnist.load().test.images[0].numpy()))
    after(page, lambda: page.get_by_test_id("upload").set_input_files(file))
    expect_digit(page, 7)
    expect(switch(page, "line")).to_be_disabled()
    expect(pen(page)).to_be_disabled()
    expect(page.get_by_text("Images keep theirs")).to_be_visible()
    assert np.stack(steps(page)).any((1, 2)).all()
    after(page, switch(page, "box").uncheck)
    assert extent(seen(page)) > 24
    after(page, page.locator('[data-sample="7"]').click)
    expect(switch(page, "line")).to_be_enabled()
    expect(pen(page)).to_be_enabled()
    expect(page.get_by_text("Images keep theirs")).to_be_hidden()


@pytest.mark.served("the same scripts do it on both")
def test_on_a_phone_it_fits_the_width_and_both_answers_stay_in_sight(
    open_page: OpenPage, host: str
) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    open_lab(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    last = switch(page, "centre")
    last.evaluate("box => box.scrollIntoView({block: 'end'})")
    expect(last).to_be_in_viewport()
    for chip in page.locator("[data-strip] .chip").all():
        expect(chip).to_be_in_viewport(ratio=1)
