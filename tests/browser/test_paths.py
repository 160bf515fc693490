"""The triangles of all nets with units out: what they say, and the way of a dot to the board."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from resnet import checkpoint, export, mnist, paths, samples
from resnet.classifier import Classifier
from tests.browser.visitor import (
    PHONE,
    OpenPage,
    answer_instead,
    draw,
    expect_digit,
    on_pad,
    settle,
    until,
)
from ui.paths import NARROW, WIDE
from ui.reading import Reader


def view(page: Page) -> Locator:
    return page.get_by_test_id("paths")


def triangle(page: Page, variant: str = "residual") -> Locator:
    return view(page).locator(f'[data-net="{variant}"]')


def dot(page: Page, *out: int, variant: str = "residual") -> Locator:
    """The net with these units out."""
    can_go = (1, 2, 3, 4, 5, 6, 7, 8) if variant == "residual" else (1, 2, 4, 6, 8)
    index = sum(2 ** can_go.index(number) for number in out)
    return triangle(page, variant).locator(f'[data-way="{index}"]')


def unit(page: Page, number: int, variant: str = "residual") -> Locator:
    return page.locator(f'#board [data-net="{variant}"] [data-unit="{number}"]')


def look(page: Page, digit: int) -> None:
    """Go there, and wait until both triangles are of the digit."""
    view(page).scroll_into_view_if_needed()
    for variant in checkpoint.VARIANTS:
        expect(dot(page, variant=variant)).to_have_text(str(digit))
    expect(view(page).locator(".nets")).to_have_attribute("aria-busy", "false")


def pointed(page: Page) -> Locator:
    return page.get_by_test_id("paths-pointed")


def test_every_dot_says_what_its_net_says(
    page: Page, kind: str, classifiers: dict[str, Classifier]
) -> None:
    look(page, 7)
    for variant, net in classifiers.items():
        read = net if kind == "served" else export.as_exported(net)
        reply = Reader({variant: read}, mnist.FOLDER).every_way(
            {"strokes": samples.sample(7), "net": variant}
        )
        digits, ways = reply["digits"], paths.ways(net.body)
        shown = triangle(page, variant).locator(".dot").all()
        assert len(shown) == len(ways)
        texts = triangle(page, variant).evaluate(
            """net => Object.fromEntries([...net.querySelectorAll(".dot")].map(
                (dot) => [dot.dataset.way, [dot.textContent, dot.dataset.says]]))"""
        )
        same = [digit == digits[0] for digit in digits]
        assert texts == {
            str(index): [str(digit), "same" if same[index] else ""]
            for index, digit in enumerate(digits)
        }
        assert True in same[1:]
        assert False in same
        of_row: dict[int, tuple[int, int]] = {}
        for out, is_same in zip(ways, same, strict=True):
            count, total = of_row.get(len(out), (0, 0))
            of_row[len(out)] = (count + is_same, total + 1)
        for units, (count, total) in of_row.items():
            row = triangle(page, variant).locator(f'[data-row="{units}"]')
            expect(row.locator(".dot")).to_have_count(total)
            expect(row.locator(".count")).to_have_text(f"{count} of {total}")
        title = "With shortcuts" if variant == "residual" else "Without"
        count, total = of_row[2]
        reads = "reads" if count == 1 else "read"
        expect(page.get_by_test_id("paths-said")).to_contain_text(
            f"{title}: {count} of {total} nets still {reads} a 7."
        )


@pytest.mark.served("the same scripts do it on both")
def test_it_follows_the_pad(page: Page) -> None:
    look(page, 7)
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Clear").click()
    expect(dot(page)).to_have_text("")
    expect(page.get_by_test_id("paths-said")).to_have_text(
        "Draw a digit, and each of these nets reads it."
    )
    draw(page, 3)
    expect_digit(page, 3)
    look(page, 3)
    expect(page.get_by_test_id("paths-said")).to_contain_text("a 3")


def test_a_dot_lights_its_units_on_the_board_and_a_click_unplugs_them(page: Page) -> None:
    look(page, 7)
    expect(dot(page)).to_have_attribute("aria-current", "true")
    dot(page, 2, 5).hover()
    expect(pointed(page)).to_contain_text("With shortcuts. Units 2 and 5 are out: ")
    lit = page.locator("#board .gone-round")
    expect(lit).to_have_count(2)
    expect(unit(page, 2)).to_have_class(re.compile("gone-round"))
    expect(unit(page, 5)).to_have_class(re.compile("gone-round"))
    dot(page, 2, 5).click()
    settle(page)
    expect(page.get_by_test_id("said")).to_contain_text("Units 2 and 5 are out.")
    for number in range(1, 9):
        is_out = unit(page, number).get_attribute("data-out") is not None
        assert is_out == (number in (2, 5))
    says = dot(page, 2, 5).inner_text()
    expect(page.locator('#board [data-net="residual"] .digit')).to_have_text(says)
    expect(dot(page, 2, 5)).to_have_attribute("aria-current", "true")
    expect(dot(page, 2, variant="plain")).to_have_attribute("aria-current", "true")  # 5 stays
    expect(view(page).locator("[aria-current]")).to_have_count(2)
    page.mouse.move(0, 0)
    expect(lit).to_have_count(0)
    expect(pointed(page)).to_contain_text("Point at a dot")


@pytest.mark.served("the same scripts do it on both")
def test_another_click_puts_back_what_was_there(page: Page) -> None:
    page.get_by_text("Turn units up or down").click()
    page.locator("#board .dial input").nth(3).press("ArrowLeft")
    unit(page, 1).click()
    look(page, 7)
    before = page.evaluate("location.hash")
    dot(page, 2, variant="plain").click()
    expect(page.get_by_test_id("said")).to_contain_text("Unit 2 is out.")
    dot(page, 2, variant="plain").click()
    expect(page.get_by_test_id("said")).to_contain_text("Unit 1 is out, the f of unit 4 is")
    until(page, f"location.hash === {before!r}")
    expect(view(page).locator("[aria-current]")).to_have_count(0)  # a dial is turned


@pytest.mark.served("the same scripts do it on both")
def test_arrow_keys_walk_a_triangle_that_is_one_stop_of_tab(page: Page) -> None:
    look(page, 7)
    dot(page).focus()
    for key, out in (
        ("ArrowDown", (5,)), ("ArrowUp", ()), ("ArrowDown", (5,)), ("ArrowRight", (6,)),
        ("Home", (1,)), ("ArrowLeft", (1,)), ("ArrowDown", (1, 2)), ("End", (7, 8)),
        ("ArrowRight", (7, 8)), ("ArrowUp", (8,)),
    ):  # fmt: skip
        page.keyboard.press(key)
        expect(dot(page, *out)).to_be_focused()
    expect(dot(page, 8)).to_have_attribute("aria-label", re.compile("Unit 8 is out: still a 7"))
    expect(unit(page, 8)).to_have_class(re.compile("gone-round"))
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Tab")
    expect(dot(page, variant="plain")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(dot(page, 8)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("said")).to_contain_text("Unit 8 is out.")


@pytest.mark.served("the same scripts do it on both")
def test_out_of_sight_nothing_is_asked(page: Page) -> None:
    page.locator('[data-sample="3"]').click()
    expect_digit(page, 3)
    settle(page)
    expect(dot(page)).to_have_text("")
    look(page, 3)


@pytest.mark.served("the same scripts do it on both")
def test_while_the_pen_is_down_nothing_is_asked(open_page: OpenPage, host: str) -> None:
    page = open_page(host, viewport={"width": 1280, "height": 2400})
    look(page, 7)
    page.get_by_role("button", name="Clear").click()
    page.mouse.move(*on_pad(page, (50, 20)))
    page.mouse.down()
    page.mouse.move(*on_pad(page, (50, 80)), steps=5)
    expect_digit(page, 1)
    settle(page)
    expect(view(page).locator(".nets")).to_have_attribute("aria-busy", "true")
    expect(dot(page)).to_have_text("")
    page.mouse.up()
    look(page, 1)


@pytest.mark.served("a page without a server asks none")
def test_a_fault_is_said_and_gone_with_the_next_drawing(page: Page) -> None:
    sentence = "The server is busy; please try again."
    answer_instead(page, "every_way", lambda route: route.fulfill(json={"error": sentence}))
    view(page).scroll_into_view_if_needed()
    expect(view(page).get_by_role("alert")).to_have_text(sentence)
    page.unroute("**/component_server/")
    page.evaluate("scrollTo(0, 0)")
    page.locator('[data-sample="3"]').click()
    expect_digit(page, 3)
    look(page, 3)
    expect(view(page).get_by_role("alert")).to_be_hidden()


@pytest.mark.served("the same scripts do it on both")
@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide", "phone"])
def test_nothing_jumps_and_every_line_is_full(
    open_page: OpenPage, host: str, options: dict[str, object]
) -> None:
    page = open_page(host, **options)
    expect_digit(page, 7)
    settle(page)

    def boxes() -> list[object]:
        parts = [triangle(page, "plain"), view(page)]
        return [part.evaluate("e => JSON.stringify(e.getBoundingClientRect())") for part in parts]

    view(page).evaluate("e => e.scrollIntoView({ block: 'end' })")
    empty = boxes()
    look(page, 7)
    view(page).evaluate("e => e.scrollIntoView({ block: 'end' })")
    assert boxes() == empty
    dot(page, 1, 2).dispatch_event("pointerover", {"bubbles": True})
    expect(pointed(page)).to_contain_text("Units 1 and 2")
    assert boxes() == empty
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lines = triangle(page).evaluate(
        """net => [...net.querySelectorAll("[data-row='4'] .dot")].reduce((lines, dot) => {
            const { top } = dot.getBoundingClientRect();
            return { ...lines, [top]: (lines[top] ?? 0) + 1 };
        }, {})"""
    )
    assert max(lines.values()) == (NARROW if options else WIDE)
