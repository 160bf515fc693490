"""The part in which deeper nets read the drawing, with nets that were never trained."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

import app
from resnet import export, narrow
from resnet.classifier import Classifier
from tests.browser.visitor import (
    PHONE,
    OpenPage,
    after,
    answer_instead,
    draw,
    settle,
    until,
    wait_for_questions,
)
from tests.conftest import find_free_port
from ui.deeper import picture_of

PICTURE = """async () => {
    const { page } = await import(new URL("ui/page.js", document.baseURI));
    return page.state.reply.picture;
}"""


@pytest.fixture(scope="module")
def deep(classifiers: dict[str, Classifier], checkpoints: Path) -> Iterator[str]:
    """Where the page is served with such nets."""
    page = app.build(classifiers, checkpoints=checkpoints)
    yield app.launch(page, "127.0.0.1", find_free_port())
    page.close()


@pytest.fixture(scope="module")
def nets_of(checkpoints: Path) -> dict[str, Classifier]:
    return {
        f"{variant}-{depth}": Classifier(*narrow.load(variant, depth, checkpoints / "narrow"))
        for variant, depth in narrow.NETS
    }


def arrive(open_page: OpenPage, address: str, **options: Any) -> Page:
    page = open_page(address, **options)
    settle(page)
    page.get_by_test_id("deeper").scroll_into_view_if_needed()
    return page


def expect_answers(page: Page, nets: dict[str, Classifier]) -> None:
    """All six are those of Python on the picture that the pad's nets saw."""
    picture = picture_of(page.evaluate(PICTURE))
    for name, net in nets.items():
        (answer,) = net.answer(picture)
        small = page.locator(f'[data-deep="{name}"]')
        expect(small).to_have_attribute("data-digit", str(answer.digit))
        assert answer.probabilities is not None
        shown = small.locator(".certainty").inner_text().removesuffix(" %")
        assert float(shown) == pytest.approx(100 * max(answer.probabilities), abs=0.16)


@pytest.mark.parametrize("has_worker", [False, True])
def test_all_depths_read_the_drawing(
    open_page: OpenPage, deep: str, nets_of: dict[str, Classifier], has_worker: bool
) -> None:
    page = arrive(open_page, deep, has_worker=has_worker)
    if has_worker:
        until(page, WORKER_IS_READY)
    asked: list[str] = []
    page.on("request", lambda it: asked.append(it.post_data or ""))
    page.get_by_test_id("pad").scroll_into_view_if_needed()
    after(page, lambda: draw(page, 3))
    page.get_by_test_id("deeper").scroll_into_view_if_needed()
    expected = nets_of
    if has_worker:
        expected = {name: export.as_exported(net) for name, net in nets_of.items()}
    expect(page.get_by_test_id("deeper-said")).to_contain_text("66 layers: with shortcuts")
    settle(page)
    page.wait_for_timeout(300)
    expect_answers(page, expected)
    assert any('"answers"' in data for data in asked) != has_worker


WORKER_IS_READY = """async () => {
    const { page } = await import(new URL("ui/page.js", document.baseURI));
    return Boolean(page.state.reading?.worker);
}"""


def test_the_chosen_depth_is_shown_in_full(open_page: OpenPage, deep: str) -> None:
    page = arrive(open_page, deep)
    for depth in (18, 34, 66):
        page.locator(f'[data-deep="plain-{depth}"]').click()
        expect(page.get_by_role("radio", name=f"{depth} layers")).to_be_checked()
        card, small = page.get_by_test_id("deeper-plain"), page.locator(".small.chosen").last
        expect(card).to_contain_text(f"{depth} layers, 90.{depth} % of MNIST")
        expect(small).to_have_attribute("data-deep", f"plain-{depth}")
        expect(small).not_to_have_attribute("data-digit", "")
        expect(card).to_have_attribute("data-digit", str(small.get_attribute("data-digit")))
        expect(card.locator(".bars .best b")).to_have_text(
            str(card.get_attribute("data-digit") or "")
        )
    page.get_by_role("radio", name="66 layers").press("ArrowLeft")
    expect(page.get_by_role("radio", name="34 layers")).to_be_checked()
    expect(page.get_by_test_id("deeper-said")).to_contain_text("34 layers")


def test_an_empty_pad_leaves_nothing(open_page: OpenPage, deep: str) -> None:
    page = arrive(open_page, deep)
    expect(page.locator("[data-deep] .certainty").first).not_to_be_empty()
    page.locator('[data-do="clear"]').click()
    expect(page.get_by_test_id("deeper-said")).to_contain_text("Draw a digit")
    assert set(page.locator("[data-deep] .digit").all_inner_texts()) == {"\N{EN DASH}"}
    assert set(page.locator("[data-deep] .certainty").all_inner_texts()) == {""}


def test_nothing_is_asked_out_of_sight_and_the_newest_goes_next(
    open_page: OpenPage, deep: str
) -> None:
    held: list[Route] = []
    page = open_page(deep)
    answer_instead(page, "answers", held.append)
    settle(page)
    after(page, lambda: draw(page, 3))
    assert held == []
    page.get_by_test_id("deeper").scroll_into_view_if_needed()
    wait_for_questions(page, held, 1)
    samples = page.locator("[data-sample]")
    for digit in (1, 2):  # by keys: a click would scroll
        samples.nth(digit).evaluate("button => button.click()")
        page.wait_for_timeout(300)
    assert len(held) == 1
    held.pop().fulfill(json={"answers": {}, "error": "Just a test."})
    wait_for_questions(page, held, 1)
    expect(page.get_by_test_id("deeper-said")).to_have_text("Just a test.")
    (asked,) = (dict(route.request.post_data_json or {}) for route in held)
    assert len(base64.b64decode(asked["data"])) == 32 * 32
    assert asked["data"] == page.evaluate(PICTURE)
    held.pop().fulfill(json={"answers": {}, "error": "Enough."})
    expect(page.get_by_test_id("deeper-said")).to_have_text("Enough.")
    page.unroute("**/component_server/")


@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide", "phone"])
def test_nothing_moves_and_all_fits(
    open_page: OpenPage, deep: str, options: dict[str, Any]
) -> None:
    page = arrive(open_page, deep, **options)
    expect(page.locator("[data-deep] .certainty").first).not_to_be_empty()
    heights = set()
    for digit in ("0", "4", "8"):
        sample = page.locator(f'[data-sample="{digit}"]')
        after(page, lambda one=sample: one.evaluate("button => button.click()"))  # type: ignore[misc]
        for depth in (18, 66):
            page.locator(f'[data-deep="residual-{depth}"]').click()
            heights.add(page.get_by_test_id("deeper").evaluate("part => part.offsetHeight"))
    assert len(heights) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for head in page.locator("#deeper .choice label").all():
        box = head.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_the_shipped_nets_read_a_sample(page: Page) -> None:
    page.get_by_test_id("deeper").scroll_into_view_if_needed()
    for depth in narrow.DEPTHS:
        chip = page.locator(f'[data-deep="residual-{depth}"]')
        expect(chip).to_have_attribute("data-digit", "7")
