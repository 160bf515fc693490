"""The board: look inside, unplug parts, send it to somebody, be led through it."""

import base64
import copy
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from resnet import checkpoint, lenses
from resnet.classifier import Classifier
from resnet.studies.lesion import LesionTable
from resnet.surgery import UNITS
from tests.browser.visitor import (
    PHONE,
    OpenPage,
    after,
    card,
    dark_share,
    draw,
    expect_digit,
    on_pad,
    scribble,
    sent,
    settle,
    until,
)
from tests.conftest import find_free_port


@pytest.fixture(scope="module")
def address(classifiers: dict[str, Classifier], lesions: LesionTable) -> Iterator[str]:
    import app

    page = app.build(classifiers, measured=lesions)
    yield app.launch(page, "127.0.0.1", find_free_port())
    page.close()


def board(page: Page) -> Locator:
    return page.get_by_test_id("board")


def unit(page: Page, number: int, variant: str = "residual") -> Locator:
    return board(page).locator(f'[data-net="{variant}"] [data-unit="{number}"]')


def arc(page: Page, number: int) -> Locator:
    return board(page).get_by_role("button", name=f"shortcut of unit {number}")


def dial(page: Page, number: int) -> Locator:
    """Behind a line that one opens first."""
    volumes = board(page).locator(".volumes")
    if volumes.get_attribute("open") is None:
        volumes.locator("summary").click()
    return board(page).get_by_role("slider", name=f"f of unit {number}")


def back(page: Page) -> Locator:
    return board(page).get_by_role("button", name="Put all back")


def choose(page: Page, lens: str) -> None:
    board(page).locator(f"label:has([value={lens}])").click()


def answers(page: Page) -> list[list[str]]:
    """The probabilities of both nets, as exactly as the page has them."""
    return [
        card(page, variant)
        .locator(".bars i")
        .evaluate_all("bars => bars.map((bar) => bar.style.translate)")
        for variant in checkpoint.VARIANTS
    ]


def said(page: Page) -> Locator:
    return page.get_by_test_id("said")


def measured(page: Page) -> Locator:
    return page.get_by_test_id("measured")


def test_a_unit_is_unplugged_and_put_back(page: Page) -> None:
    whole = answers(page)
    expect(back(page)).to_be_disabled()
    expect(said(page)).to_contain_text("Both nets are whole.")
    after(page, unit(page, 2).click)
    for variant in checkpoint.VARIANTS:
        expect(unit(page, 2, variant)).to_have_attribute("data-out", "")
        expect(unit(page, 2, variant)).to_contain_text("out")
        expect(card(page, variant)).to_contain_text("Unit 2 is out")
    expect(said(page)).to_contain_text("Unit 2 is out.")
    expect(page.get_by_test_id("altered")).to_have_text("Unit 2 is out")
    altered = answers(page)
    assert all(now != before for now, before in zip(altered, whole, strict=True))
    for variant in checkpoint.VARIANTS:  # the last column says what the card says
        digit = card(page, variant).get_attribute("data-digit") or ""
        expect(board(page).locator(f'[data-net="{variant}"] .digit')).to_have_text(digit)
    after(page, back(page).click)
    assert answers(page) == whole
    expect(unit(page, 2)).not_to_have_attribute("data-out", "")
    expect(page.get_by_test_id("altered")).to_be_hidden()
    expect(card(page, "plain").locator(".about")).to_be_visible()
    expect(back(page)).to_be_disabled()


@pytest.mark.served("the same scripts do it on both")
def test_beside_the_case_stands_what_was_measured(page: Page) -> None:
    expect(measured(page)).to_contain_text("With shortcuts: 99.50 % of 10,000 test digits")
    after(page, unit(page, 2).click)
    expect(measured(page)).to_contain_text(
        "With shortcuts: 91.00 % of 10,000 test digits (99.50 % when whole)"
        " · 3 other trainings, 1 epoch each: 90.50 to 93.10 %"
    )
    expect(measured(page)).to_contain_text("Without: 12.34 % of 10,000 test digits")
    after(page, unit(page, 4).click)
    expect(measured(page)).to_contain_text("With shortcuts: 82.00 %")
    after(page, unit(page, 6).click)  # a combination that the table lacks
    expect(measured(page)).to_contain_text("With shortcuts: not measured in this combination")
    after(page, back(page).click)
    after(page, arc(page, 2).click)
    expect(measured(page)).to_contain_text("With shortcuts: 40.00 %")
    expect(measured(page)).to_contain_text("Without: 99.50 % of 10,000 test digits")  # has none
    expect(card(page, "plain")).not_to_contain_text("cut")
    after(page, unit(page, 4).click)
    expect(measured(page)).to_contain_text("With shortcuts: not measured in this combination")


def test_without_a_table_of_these_weights_there_are_no_figures(
    open_page: OpenPage, classifiers: dict[str, Classifier], lesions: LesionTable
) -> None:
    import app

    measured_elsewhere = copy.deepcopy(lesions)
    for shipped in measured_elsewhere["shipped"].values():
        shipped["weights_sha256"] = "0" * 64
    served = app.build(classifiers, measured=measured_elsewhere)
    page = open_page(app.launch(served, "127.0.0.1", find_free_port()))
    expect_digit(page, 7)
    expect(measured(page)).to_have_text("No measured figures for these weights.")
    page.close()  # it would miss the server
    served.close()


@pytest.mark.served("the same scripts do it on both")
def test_the_sentence_compares_with_the_whole_net(page: Page) -> None:
    whole = {v: card(page, v).get_attribute("data-digit") for v in checkpoint.VARIANTS}
    for number in range(1, UNITS + 1):
        after(page, unit(page, number).click)
        text = said(page).inner_text()
        for variant, title in (("residual", "With shortcuts"), ("plain", "Without")):
            now = card(page, variant).get_attribute("data-digit")
            article = "an" if now == "8" else "a"
            is_same = now == whole[variant]
            words = f"still {article} {now}." if is_same else f"now {article} {now} (was "
            assert words in text.partition(title)[2]
        after(page, back(page).click)


@pytest.mark.served("the same scripts do it on both")
def test_a_plain_unit_that_changes_the_shape_stays_in_and_says_why(page: Page) -> None:
    before = answers(page)
    after(page, unit(page, 3, "plain").click)
    expect(unit(page, 3)).to_contain_text("out")
    expect(unit(page, 3, "plain")).to_contain_text("can’t be removed: it changes the size")
    assert answers(page)[0] != before[0]
    assert answers(page)[1] == before[1]
    expect(card(page, "residual")).to_contain_text("Unit 3 is out")
    expect(card(page, "plain").locator(".about")).to_be_visible()  # it is whole
    expect(said(page)).to_contain_text("Without (unit 3 changes the size, so it can’t be removed)")


@pytest.mark.served("the same scripts do it on both")
def test_a_shortcut_is_cut_and_mended(page: Page) -> None:
    before = answers(page)
    after(page, arc(page, 3).click)
    expect(arc(page, 3)).to_have_attribute("data-cut", "")
    expect(said(page)).to_contain_text("Shortcut 3 is cut.")
    expect(said(page)).to_contain_text("Without (there is no shortcut to cut)")
    assert answers(page)[0] != before[0]
    assert answers(page)[1] == before[1]
    after(page, arc(page, 3).click)
    assert answers(page) == before


@pytest.mark.served("the same scripts do it on both")
def test_a_unit_that_is_out_has_nothing_to_cut_or_turn(page: Page) -> None:
    after(page, arc(page, 2).click)
    after(page, lambda: dial(page, 2).press("ArrowLeft"))
    after(page, unit(page, 2).click)
    expect(arc(page, 2)).to_be_disabled()
    expect(dial(page, 2)).to_be_disabled()
    after(page, unit(page, 2).click)
    expect(said(page)).to_contain_text("Both nets are whole.")


def test_a_dial_turns_f_in_both(page: Page) -> None:
    before = answers(page)
    after(page, lambda: dial(page, 5).press("ArrowRight"))
    expect(dial(page, 5)).to_have_value("1.25")
    expect(said(page)).to_contain_text("The f of unit 5 is × 1.25.")  # noqa: RUF001
    expect(measured(page)).to_contain_text("With shortcuts: 99.00 %")
    expect(measured(page)).to_contain_text("Without: 98.00 %")
    assert all(now != old for now, old in zip(answers(page), before, strict=True))
    after(page, lambda: dial(page, 5).press("Home"))
    expect(dial(page, 5)).to_have_value("0")
    after(page, lambda: dial(page, 5).press("End"))
    expect(dial(page, 5)).to_have_value("2")


@pytest.mark.served("looks at the server's reply")
@pytest.mark.parametrize("lens", lenses.LENSES)
def test_every_lens_shows_its_cells(page: Page, lens: str) -> None:
    board(page).scroll_into_view_if_needed()
    others = [name for name in lenses.LENSES if name != lens]
    choose(page, others[0])
    settle(page)
    with page.expect_response("**/component_server/") as response:
        choose(page, lens)
    reply = response.value.json()
    if "closed" in reply:  # what it needs was fitted to other weights
        expect(board(page).get_by_role("alert")).to_have_text(reply["closed"])
        expect_digit(page, 7)
        return
    expect(board(page).locator(f'.cell[data-lens="{lens}"]')).to_have_count(2 * (1 + UNITS))
    about = page.get_by_test_id("lens").inner_text()
    assert len(about) > 60
    for variant in checkpoint.VARIANTS:
        for i, found in enumerate(reply["board"][variant]):
            cell = board(page).locator(f'[data-net="{variant}"] [data-cell="{i}"]')
            if lens in ("knew", "near"):
                expect(cell).to_have_text(str(found["digit"]))
            elif lens == "edit" and found["cosine"] is not None:
                expect(cell).to_contain_text(f"{found['cosine']:.2f}"[:3])
            elif found.get("picture") and found.get("size") != 1:
                inked = cell.locator("canvas").evaluate(
                    "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
                )
                if lens == "why":
                    assert sum(inked[3::4]) > 0
                else:
                    levels = base64.b64decode(found["picture"])
                    assert bytes(inked[::4]) == levels
            elif lens == "why":
                expect(cell).to_have_text("one pixel: no place left")


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_the_nearest_digits_show_where_the_nets_part(
    open_page: OpenPage, host: str, size: dict[str, Any]
) -> None:
    page = open_page(f"{host}#l=near&o=2", **size)  # without unit 2 the plain net loses the seven
    settle(page)
    rows = {
        variant: board(page).locator(f'[data-net="{variant}"] .cell').all()
        for variant in checkpoint.VARIANTS
    }
    looks: dict[str, dict[int, str]] = {}
    for variant, cells in rows.items():
        for number, cell in enumerate(cells):
            expect(cell).to_have_attribute("data-lens", "" if number == 2 else "near")
            if number == 2:
                continue
            looks.setdefault(variant, {})[number] = cell.locator(".figures").inner_text()
            labels = re.findall(r"\d", cell.get_attribute("aria-description") or "")
            assert len(labels) == 3
            assert looks[variant][number] in labels
            # Three pictures, and room for the digit.
            empty, inked = cell.locator("canvas").evaluate(
                """canvas => {
                    const {width: side} = canvas, half = Math.ceil(side / 2);
                    const context = canvas.getContext("2d");
                    const parts = [[0, 0], [half, 0], [0, half], [half, half]].map(
                        ([x, y]) => [...context.getImageData(x, y, 28, 28).data]);
                    const opaque = parts.map((part) => part.every((v, i) => i % 4 < 3 || v));
                    return [opaque.indexOf(false), parts.map((part) => part.some((v) => v > 0))];
                }"""
            )
            assert (empty, inked) == (3, [True] * 3 + [False])
    residual, plain = (looks[variant] for variant in checkpoint.VARIANTS)
    parting = next(number for number in residual if residual[number] != plain[number])
    for cells in rows.values():
        marked = [number for number, cell in enumerate(cells) if "parting" in classes(cell)]
        assert marked == [parting]
        note = cells[parting].locator("xpath=..//span[@class='note']")
        expect(note).to_have_text("they part here")
    place = f"unit {parting}" if parting else "the stem"
    expect(said(page)).to_contain_text(re.compile(f"(at|from|At|From) {place}"))
    after(page, back(page).click)
    expect(board(page).locator("[role=status]")).to_contain_text("it looks")
    choose(page, "maps")
    settle(page)
    expect(board(page).locator(".parting, [aria-description]")).to_have_count(0)
    expect(said(page)).not_to_contain_text("looks")


def classes(cell: Locator) -> list[str]:
    return (cell.get_attribute("class") or "").split()


@pytest.mark.served("the same scripts do it on both")
def test_pointer_and_keys_name_a_map(page: Page) -> None:
    board(page).scroll_into_view_if_needed()
    settle(page)
    expect(board(page).locator('.cell[data-lens="maps"]')).to_have_count(18)
    pointed = page.get_by_test_id("pointed")
    box = unit(page, 1).bounding_box()
    assert box is not None
    places = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
    named = []
    for x, y in places:  # four maps of 8x8
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        expect(pointed).to_contain_text("Unit 1, with shortcuts: channel")
        named.append(pointed.inner_text())
    assert len(set(named)) == 4
    page.mouse.move(0, 0)
    unit(page, 1).focus()
    assert pointed.inner_text() == named[0]
    for key, expected in (("ArrowRight", 1), ("ArrowDown", 3), ("ArrowLeft", 2), ("ArrowUp", 0)):
        page.keyboard.press(f"Shift+{key}")
        assert pointed.inner_text() == named[expected]


@pytest.mark.served("the same scripts do it on both")
def test_it_asks_for_the_board_only_when_it_is_of_use(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 640})
    expect(board(page)).to_have_attribute("data-in-sight", "false")
    sample = page.locator('[data-sample="3"]')
    assert "board" not in sent(page, sample.click)
    settle(page)
    shown = sent(page, board(page).locator(".nets").scroll_into_view_if_needed)
    assert shown["board"]["lens"] == "maps"
    settle(page)
    unit(page, 1).click()
    settle(page)
    page.evaluate("scrollTo(0, 0)")
    expect(board(page)).to_have_attribute("data-in-sight", "false")
    other = page.locator('[data-sample="4"]')
    asked = sent(page, other.click)["board"]  # an altered net stays altered
    assert [one["is_out"] for one in asked["units"]] == [True] + [False] * 7
    settle(page)
    page.get_by_role("tab", name="Mistakes").click()
    expect(board(page)).to_have_attribute("data-in-sight", "false")


@pytest.mark.served("the same scripts do it on both")
def test_an_empty_pad_leaves_the_board_empty(page: Page) -> None:
    after(page, unit(page, 2).click)
    page.get_by_role("button", name="Clear").click()
    expect_digit(page, "")
    expect(board(page).locator('.cell:not([data-lens=""])')).to_have_count(0)
    expect(said(page)).to_have_text("Unit 2 is out. Draw a digit and watch it go through.")
    expect(page.get_by_test_id("altered")).to_have_text("Unit 2 is out")


@pytest.mark.served("the same scripts do it on both")
def test_nothing_jumps(page: Page) -> None:
    def boxes() -> list[object]:
        parts = [board(page), unit(page, 1), unit(page, 8, "plain"), back(page)]
        return [part.bounding_box() for part in [*parts, card(page, "residual")]]

    page.evaluate("scrollTo(0, 0)")
    before = boxes()
    for part in (arc(page, 4), unit(page, 2), unit(page, 3), arc(page, 6)):
        after(page, lambda part=part: part.dispatch_event("click"))  # type: ignore[misc]
        assert boxes() == before
    page.get_by_role("button", name="Clear").click()
    expect_digit(page, "")
    assert boxes() == before


# Text by text, as it is printed.
UNDER = """row => [...row.querySelectorAll(".under span")].map((span) => {
    const text = document.createRange();
    text.selectNodeContents(span);
    return text.getBoundingClientRect();
}).filter(({width}) => width > 0).map(({left, right}) => [left, right])"""


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("words", ["", "zh.html"])
def test_lenses_take_the_same_room(open_page: OpenPage, host: str, words: str) -> None:
    page = open_page(f"{host}{words}")
    expect_digit(page, 7)
    parts = [unit(page, 1), unit(page, 8, "plain"), board(page).locator(".label").nth(3)]
    before = None
    for lens in lenses.LENSES:
        page.locator(f"#board label:has([value={lens}])").click()
        settle(page)
        boxes = [part.bounding_box() for part in parts]
        assert boxes == (before or boxes), lens
        before = boxes
        for row in board(page).locator(".net").all():
            under = row.evaluate(UNDER)
            assert under[0][0] >= board(page).evaluate("e => e.getBoundingClientRect().left")
            assert all(one[1] <= next[0] for one, next in itertools.pairwise(under)), lens


def focused(page: Page) -> tuple[str, bool] | None:
    """The control of the board with the focus, and whether the arrow keys lead on from it."""
    found = page.evaluate(
        """() => {
            const at = document.activeElement;
            if (!at.closest('[data-testid="board"]')) return null;
            const name = at.ariaLabel ?? (at.labels?.[0] ?? at).textContent;
            return [name, Boolean(at.closest("[role=toolbar]"))];
        }"""
    )
    if found is not None:
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid" or found[0] == "Maps", found
    return found and (found[0], found[1])


@pytest.mark.served("the same scripts do it on both")
def test_keys_reach_every_control(page: Page) -> None:
    after(page, unit(page, 8).click)  # or there is nothing to put back
    page.get_by_text("Turn units up or down").click()
    back(page).focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # with keys, or the focus would not be shown
    reached, stops = set(), 0
    while (now := focused(page)) is not None:
        name, is_in_row = now
        reached.add(name)
        stops += 1
        if is_in_row:
            page.keyboard.press("Home")  # the row's stop is where one was last
            reached.add((focused(page) or ("", False))[0])
            for _ in range(9):
                for key in ("ArrowUp", "ArrowDown", "ArrowRight"):
                    page.keyboard.press(key)
                    reached.add((focused(page) or ("", False))[0])
        page.keyboard.press("Tab")
    expected = {f"Unplug unit {i}" for i in range(1, 8)} | {"Plug unit 8 back in"}
    expected |= {"Stem, with shortcuts", "Stem, without shortcuts"}
    expected |= {f"Cut the shortcut of unit {i}" for i in range(1, 9)}
    expected |= {f"f of unit {i}, times" for i in range(1, 8)}  # unit 8 is out
    assert reached == {*expected, "Put all back", "Maps", "Turn units up or down"}
    assert stops == 12
    back(page).focus()
    after(page, lambda: page.keyboard.press("Enter"))
    expect(unit(page, 1)).to_be_focused()
    after(page, lambda: page.keyboard.press("Space"))
    expect(unit(page, 1)).to_have_attribute("data-out", "")
    expect(unit(page, 1)).to_have_accessible_name("Plug unit 1 back in")


@pytest.mark.served("the same scripts do it on both")
def test_a_finger_that_stays_looks_and_a_tap_unplugs(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    board(page).scroll_into_view_if_needed()
    settle(page)
    pointed = page.get_by_test_id("pointed")
    expect(pointed).to_contain_text("Keep a finger on a map")
    box = unit(page, 1).bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *places: float) -> None:
        points = [{"x": box["x"] + at * box["width"], "y": box["y"] + 20} for at in places]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", 0.25)
    expect(pointed).to_contain_text("Unit 1, with shortcuts: channel")
    expect(pointed).to_be_in_viewport(ratio=1)
    first = pointed.inner_text()
    finger("touchMove", 0.5)
    finger("touchMove", 0.75)  # on to another map, and nothing scrolls
    expect(pointed).not_to_have_text(first)
    expect(pointed).to_contain_text("Unit 1, with shortcuts: channel")
    finger("touchEnd")
    settle(page)
    expect(unit(page, 1)).not_to_have_attribute("data-out", "")
    after(page, unit(page, 1).tap)
    expect(unit(page, 1)).to_have_attribute("data-out", "")


@pytest.mark.served("the same scripts do it on both")
def test_on_a_phone_it_scrolls_in_its_own_box(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    board(page).scroll_into_view_if_needed()
    # A unit is half under the answer: there is more.
    end = board(page).locator(".residual .end").bounding_box()
    half = unit(page, 3).bounding_box()
    assert end is not None
    assert half is not None
    assert half["x"] + half["width"] / 2 == pytest.approx(end["x"], abs=8)
    for lens in lenses.LENSES:
        choose(page, lens)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    after(page, unit(page, 8).click)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wide = board(page).locator(".wide")
    assert wide.evaluate("e => e.scrollWidth > e.clientWidth && e.scrollLeft > 0")
    page.get_by_test_id("pad").scroll_into_view_if_needed()
    expect(page.get_by_test_id("altered")).to_be_in_viewport(ratio=1)


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_nothing_moves_under_the_finger(
    open_page: OpenPage, host: str, width: int
) -> None:
    page = open_page(host, **{**PHONE, "viewport": {"width": width, "height": 844}})
    expect_digit(page, 7)
    settle(page)

    def tops() -> list[float]:
        parts = [unit(page, 1), unit(page, 8, "plain"), dial(page, 8), card(page, "residual")]
        return [part.evaluate("e => e.getBoundingClientRect().top + scrollY") for part in parts]

    before = tops()
    foot = back(page).bounding_box()
    after(page, lambda: unit(page, 7).dispatch_event("click"))
    assert back(page).bounding_box() == foot
    for part in (unit(page, 2), arc(page, 5), unit(page, 3)):
        after(page, lambda part=part: part.dispatch_event("click"))  # type: ignore[misc]
        assert tops() == before
    for digit in (8, 4):
        after(page, page.get_by_role("button", name=str(digit), exact=True).click)
        assert tops() == before
    page.get_by_role("button", name="Clear").click()
    expect_digit(page, "")
    assert tops() == before


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("lens", ["edit", "knew"])
def test_figures_stand_in_the_middle_of_their_cells(page: Page, lens: str) -> None:
    board(page).scroll_into_view_if_needed()
    choose(page, lens)
    settle(page)
    middle = "e => { const {left, right} = e.getBoundingClientRect(); return (left + right) / 2; }"
    cells = board(page).locator(".cell", has=page.locator(".figures b")).all()
    if page.locator("#board .closed").inner_text() == "":
        assert len(cells) > 8
    for cell in cells:
        figure = cell.locator(".figures b").evaluate(middle)
        assert figure == pytest.approx(cell.evaluate(middle), abs=1)


# --- the link ------------------------------------------------------------------------------------


def link_with(page: Page, part: str) -> str:
    until(page, f"location.hash.includes({json.dumps(part)})")
    return page.url


def seen(page: Page) -> np.ndarray:
    levels = page.get_by_test_id("seen").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 32, 32).data]"
    )
    return np.array(levels).reshape(32, 32, 4)[:, :, 0] / 255


def test_a_link_opens_the_same_view(page: Page, open_page: OpenPage) -> None:
    assert "#" not in page.url
    page.get_by_role("button", name="Clear").click()
    draw(page, 3)
    expect_digit(page, 3)
    after(page, unit(page, 4).click)
    after(page, arc(page, 3).click)
    after(page, lambda: dial(page, 5).press("ArrowLeft"))
    choose(page, "edit")
    settle(page)
    address = link_with(page, "l=edit")
    assert len(address) < 1700
    other = open_page(address)
    expect(said(other)).to_contain_text(
        "Unit 4 is out, shortcut 3 is cut, the f of unit 5 is × 0.75."  # noqa: RUF001
    )
    settle(other)
    for variant in checkpoint.VARIANTS:
        expect(unit(other, 4, variant)).to_have_attribute("data-out", "")
        digit = card(page, variant).get_attribute("data-digit") or ""
        expect(card(other, variant)).to_have_attribute("data-digit", digit)
    expect(arc(other, 3)).to_have_attribute("data-cut", "")
    expect(dial(other, 5)).to_have_value("0.75")
    expect(board(other).locator("[value=edit]")).to_be_checked()
    assert np.abs(seen(other) - seen(page)).mean() < 0.01
    assert dark_share(other) == pytest.approx(dark_share(page), rel=0.02)
    back(other).click()
    until(other, "!location.hash.includes('o=')")


@pytest.mark.served("the same scripts do it on both")
def test_a_link_holds_a_scribble_a_sample_and_an_empty_pad(page: Page, open_page: OpenPage) -> None:
    page.get_by_role("button", name="Clear").click()
    link = link_with(page, "d=")
    other = open_page(link)
    expect(said(other)).to_contain_text("Draw a digit")
    expect_digit(other, "")
    scribble(page, 12)
    until(page, "location.hash.length > 100")
    settle(page)
    page.wait_for_timeout(500)
    assert len(page.url) < 1600
    other.goto(page.url)  # only the hash differs: the page stays and follows
    expect(card(other, "plain")).not_to_have_attribute("data-answer-id", "1")
    settle(other)
    assert np.abs(seen(other) - seen(page)).mean() < 0.02
    page.locator('[data-sample="4"]').click()
    link = link_with(page, "s=4")
    expect_digit(open_page(link), 4)


def test_a_link_holds_a_test_digit(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}#t=18&o=2")
    expect(page.get_by_test_id("source")).to_contain_text("MNIST test digit 18, labelled 3")
    expect(page.get_by_test_id("altered")).to_have_text("Unit 2 is out")
    assert dark_share(page) > 0.02
    assert page.url.endswith("#t=18&o=2")


WRONG = (
    "nonsense", "o=9", "o=2&x=1", "d=!", "d=abc", "d=..", "s=77", "f=5", "l=x-ray", "d=-____-__",
    "o=2&o=3", "%E0%A4%A", "constructor=1", "__proto__=1", "toString=o",
)  # fmt: skip


def test_a_wrong_link_is_no_link(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}#{WRONG[0]}")
    for hash in WRONG:
        page.goto(f"{address}#{hash}")  # only the hash differs: the page stays and follows
        expect(said(page)).to_contain_text("Both nets are whole.")
        expect_digit(page, 7)
        expect(page.locator(".trouble").first).to_be_hidden()
        expect(page.locator("#title .notice")).to_contain_text("This link could not be read")
        page.goto(f"{address}#o=2&s=3")
        expect(said(page)).to_contain_text("Unit 2 is out.")
        expect(page.locator("#title .notice")).to_be_empty()


@pytest.mark.served("the same scripts do it on both")
def test_a_link_is_followed_though_the_address_has_been_written_since(page: Page) -> None:
    followed = """() => {
        location.hash = "o=2";
        history.replaceState(history.state, "", location.pathname);  // before hashchange comes
    }"""
    after(page, lambda: page.evaluate(followed))
    expect(said(page)).to_contain_text("Unit 2 is out.")


@pytest.mark.served("the same scripts do it on both")
def test_the_address_waits_for_the_pen(page: Page) -> None:
    page.mouse.move(*on_pad(page, (50, 20)))
    page.mouse.down()
    page.mouse.move(*on_pad(page, (50, 80)), steps=5)
    settle(page)
    page.wait_for_timeout(600)  # longer than the address waits once the pen is up
    assert "#" not in page.url
    page.mouse.up()
    link_with(page, "d=")


@pytest.mark.served("the same scripts do it on both")
def test_copy_link(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    after(page, unit(page, 2).click)
    copy = page.get_by_role("button", name="Copy link")
    copy.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    assert page.url.endswith("#o=2")
    expect(copy).to_be_visible()
