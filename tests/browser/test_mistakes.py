"""The page of mistakes: what it counts, and a digit of it on the pad."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from resnet import checkpoint, comparison, ink, mnist
from resnet.classifier import Classifier
from resnet.comparison import Case, Comparison
from tests.browser.visitor import (
    PHONE,
    answer_id,
    card,
    dark_share,
    draw,
    expect_digit,
    open_tab,
    settle,
)
from tests.conftest import Measured, find_free_port

OpenPage = Callable[..., Page]
Serve = Callable[[Mapping[str, Classifier], Path], str]


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Serves nets with the test digits of a folder; gives the address."""
    import app

    pages = []

    def serve(classifiers: Mapping[str, Classifier], data: Path) -> str:
        pages.append(app.build(classifiers, data))
        return app.launch(pages[-1], "127.0.0.1", find_free_port())

    yield serve
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def address(serve: Serve, nets: dict[str, Classifier], measured: Measured) -> str:
    return serve(nets, measured.data)


@pytest.fixture(scope="module")
def found(measured: Measured) -> Comparison:
    return comparison.compare(measured.abouts)


@pytest.fixture(scope="module")
def digits(measured: Measured) -> mnist.Split:
    return mnist.load(measured.data).test


def group(page: Page, name: str) -> Locator:
    return page.get_by_test_id(f"mistakes-{name}")


def groups(found: Comparison) -> dict[str, list[Case]]:
    return {variant: found.only(variant) for variant in checkpoint.VARIANTS} | {
        "neither": found.neither
    }


@pytest.mark.served("the same scripts do it on both")
def test_the_page_says_what_the_comparison_found(
    page: Page, found: Comparison, digits: mnist.Split
) -> None:
    expect(page.get_by_test_id("pad")).to_be_visible()
    open_tab(page, "Mistakes")
    expect(page.get_by_test_id("pad")).to_be_hidden()
    expect(page.get_by_test_id("finding")).to_have_text(comparison.finding(found))
    for name, cases in groups(found).items():
        expect(group(page, name)).to_have_attribute("data-count", str(len(cases)))
        buttons = group(page, name).get_by_role("button")
        expect(buttons).to_have_count(len(cases))
        for button, case in zip(buttons.all(), cases, strict=True):
            said = dict.fromkeys(digit for digit in case.said.values() if digit is not None)
            expect(button).to_have_text(
                f"{digits.labels[case.index]} read as {' and '.join(map(str, said))}"
            )
            expect(button).to_be_enabled()
            levels = button.locator("canvas").evaluate(
                "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
            )
            assert levels[3::4] == digits.images[case.index].flatten().tolist()
    for row, variant in zip(
        page.get_by_role("tabpanel").locator("tbody tr").all(), checkpoint.VARIANTS, strict=True
    ):
        share = 100 * found.right(variant) / found.total
        low, high = found.interval(variant)
        expect(row.locator("td")).to_have_text(
            [f"{found.right(variant)}", f"{share:.2f} %", f"{100 * low:.2f} – {100 * high:.2f} %"]  # noqa: RUF001
        )


@pytest.mark.parametrize("name", [*checkpoint.VARIANTS, "neither"])
def test_a_click_puts_the_digit_on_the_pad(
    page: Page,
    nets: dict[str, Classifier],
    found: Comparison,
    digits: mnist.Split,
    name: str,
) -> None:
    for case in groups(found)[name]:
        open_tab(page, "Mistakes")
        before = answer_id(page)
        group(page, name).locator(f'[data-index="{case.index}"]').click()
        expect(page.get_by_role("tab", name="Draw")).to_be_focused()
        label = int(digits.labels[case.index])
        expect(page.get_by_test_id("source")).to_have_text(
            f"MNIST test digit {case.index}, labelled {label}"
        )
        expect(card(page, "plain")).not_to_have_attribute("data-answer-id", str(before))
        picture = ink.frame(digits.images[case.index][None])
        for variant, net in nets.items():
            (answer,) = net.answer(picture)
            said = label if case.said[variant] is None else case.said[variant]
            assert answer.digit in (said, None)  # None: likeliest, but below even odds
            digit = "" if answer.digit is None else str(said)
            expect(card(page, variant)).to_have_attribute("data-digit", digit)
        seen = page.get_by_test_id("seen").evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
        )
        assert bytes(seen[::4]) == ink.grey_levels(picture[0])
        inked = float((digits.images[case.index] > 127).float().mean())
        assert dark_share(page) == pytest.approx(inked, abs=0.01)


@pytest.mark.served("the same scripts do it on both")
def test_a_drawing_replaces_the_digit_and_its_name(page: Page) -> None:
    open_tab(page, "Mistakes")
    group(page, "plain").get_by_role("button").first.click()
    expect(page.get_by_test_id("source")).to_contain_text("MNIST test digit")
    draw(page, 1)
    expect_digit(page, 1)
    expect(page.get_by_test_id("source")).to_be_empty()


@pytest.mark.served("the same scripts do it on both")
def test_keys_choose_a_digit_too(page: Page) -> None:
    open_tab(page, "Mistakes")
    first, second = group(page, "residual").get_by_role("button").all()[:2]
    expect(first).to_be_enabled()
    index = second.get_attribute("data-index")
    first.focus()
    page.keyboard.press("Tab")
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("source")).to_contain_text(f"MNIST test digit {index},")
    expect(page.get_by_test_id("pad")).to_be_visible()


@pytest.mark.served("the same scripts do it on both")
def test_back_and_forth_keeps_the_drawing(page: Page) -> None:
    draw(page, 3)
    expect_digit(page, 3)
    settle(page)
    inked, answers = dark_share(page), answer_id(page)
    page.get_by_test_id("pad").evaluate("canvas => { canvas.isTheSame = true; }")
    for _ in range(2):
        open_tab(page, "Mistakes")
        page.keyboard.press("Escape")  # clears a pad that is in sight
        open_tab(page, "Draw")
        expect(page.get_by_test_id("pad")).to_be_visible()
        assert dark_share(page) == inked
    assert page.get_by_test_id("pad").evaluate("canvas => canvas.isTheSame")
    expect_digit(page, 3)
    assert answer_id(page) == answers  # nobody was asked again
    draw(page, 1)
    assert dark_share(page) > inked


def test_the_digits_are_asked_for_once_and_when_they_are_seen(
    open_page: OpenPage, address: str
) -> None:
    page = open_page(address)
    asked: list[str] = []
    page.on(
        "request",
        lambda request: (
            asked.append(json.loads(request.post_data or "")["fn_name"])
            if "component_server" in request.url
            else None
        ),
    )
    page.locator('[data-sample="5"]').click()
    expect_digit(page, 5)
    assert set(asked) == {"read"}
    for _ in range(2):
        open_tab(page, "Mistakes")
        expect(group(page, "plain").get_by_role("button").first).to_be_enabled()
        open_tab(page, "Draw")
    assert asked.count("digits") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_of_the_digits_can_be_seen(open_page: OpenPage, address: str, scheme: str) -> None:
    page = open_page(address, color_scheme=scheme)
    open_tab(page, "Mistakes")
    button = group(page, "plain").get_by_role("button").first
    expect(button.locator("canvas")).to_have_css(
        "filter", "invert(1)" if scheme == "dark" else "invert(0)"
    )
    button.click()
    expect(page.get_by_test_id("source")).to_be_visible()
    assert dark_share(page) > 0
    ink_and_colour = page.get_by_test_id("pad").evaluate(
        """canvas => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const i = data.findIndex((level, i) => i % 4 === 3 && level === 255);
            return [`rgb(${[...data.slice(i - 3, i)].join(", ")})`, getComputedStyle(canvas).color];
        }"""
    )
    assert ink_and_colour[0] == ink_and_colour[1]


@pytest.mark.served("the same scripts do it on both")
def test_a_phone_shows_all_of_it(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    open_tab(page, "Mistakes")
    buttons = page.locator("[data-index]")
    expect(buttons.last).to_be_enabled()
    right = "e => e.getBoundingClientRect().right"
    for part in (*buttons.all(), *page.locator("#mistakes td").all()):
        assert 0 < part.evaluate(right) <= 390
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    buttons.last.click()
    expect(page.get_by_test_id("pad")).to_be_in_viewport(ratio=1)


# --- what is not there -------------------------------------------------------------------------


def test_without_mnist_the_tab_says_so_and_the_rest_works(
    open_page: OpenPage,
    serve: Serve,
    nets: dict[str, Classifier],
    found: Comparison,
    tmp_path: Path,
) -> None:
    page = open_page(serve(nets, tmp_path))
    open_tab(page, "Mistakes")
    expect(page.locator("#mistakes").get_by_role("alert")).to_have_text(
        "The test digits cannot be shown: MNIST is missing or damaged on this server."
    )
    expect(page.get_by_test_id("finding")).to_have_text(comparison.finding(found))
    for name, cases in groups(found).items():
        expect(group(page, name)).to_have_attribute("data-count", str(len(cases)))
        expect(group(page, name).locator("[data-index]").first).to_be_hidden()
    open_tab(page, "Draw")
    draw(page, 3)
    expect_digit(page, 3)


def test_nets_that_cannot_be_compared_are_one_sentence(
    open_page: OpenPage, serve: Serve, nets: dict[str, Classifier]
) -> None:
    mute = copy.copy(nets["plain"])
    mute.about = mute.about.copy()
    del mute.about["mistakes"]
    for classifiers, reason in (
        ({"residual": nets["residual"], "plain": mute}, "does not say which digits it misreads."),
        ({"residual": nets["residual"]}, "the plain one is not loaded."),
    ):
        page = open_page(serve(classifiers, mnist.FOLDER))
        expect(card(page, "residual")).to_have_attribute("data-digit", "7")
        open_tab(page, "Mistakes")
        expect(page.get_by_test_id("finding")).to_contain_text(reason)
        expect(page.locator("[data-index]")).to_have_count(0)
        open_tab(page, "Draw")
        draw(page, 3)
        expect(card(page, "residual")).to_have_attribute("data-digit", "3")
