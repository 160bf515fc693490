import re
from typing import Any

import pytest
import torch
from playwright.sync_api import Locator, Page, Route, expect

from resnet import checkpoint, ink, mnist
from resnet.studies import shake
from tests.browser.visitor import (
    answer_instead,
    draw,
    expect_digit,
    open_tab,
    settle,
    wait_for_questions,
)
from tests.conftest import Measured
from ui.question import decoded
from ui.reading import encoded
from ui.shake import USUAL

TAB = "Depth and gradients"
SEEN = """async () => {
    const { page } = await import(new URL("ui/page.js", document.baseURI));
    return page.state.reply.picture;
}"""
# How many colours each picture of an element has.
COLOURS = """element => [...element.querySelectorAll("canvas")].map((canvas) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return new Set(new Uint32Array(data.buffer)).size;
})"""


def opened(page: Page) -> Locator:
    open_tab(page, TAB)
    found = page.get_by_test_id("shake")
    found.scroll_into_view_if_needed()
    return found


def expect_shaken(page: Page, words: str) -> None:
    expect(page.get_by_test_id("shake-says")).to_contain_text(words)
    expect(page.get_by_test_id("shake")).to_have_attribute("aria-busy", "false")


def cosine(page: Page, variant: str) -> float:
    return float(page.get_by_test_id(f"shake-{variant}").get_attribute("data-cosine") or "nan")


def test_the_drawing_is_shaken_as_python_does_it(page: Page, kind: str, measured: Measured) -> None:
    part = opened(page)
    expect_shaken(page, "This 7, 34 layers")
    part.get_by_text("18", exact=True).first.click()
    expect_shaken(page, "This 7, 18 layers")
    picture = ink.from_grey_levels(decoded(page.evaluate(SEEN)))
    seed = int(part.get_attribute("data-seed") or "")
    data = mnist.FOLDER if kind == "served" else measured.data
    others = shake.company(mnist.load(data).train)
    (found,) = shake.Shaker(18, seed).shake(picture, 7, [USUAL[0]], others)
    for variant in checkpoint.VARIANTS:
        assert cosine(page, variant) == pytest.approx(found.cosine(variant), abs=5e-3)
    assert min(part.evaluate(COLOURS)) > 20


@pytest.mark.served("the same scripts do it on both")
def test_another_shake_is_of_other_weights_and_a_choice_is_not(page: Page) -> None:
    part = opened(page)
    expect_shaken(page, "34 layers")
    first = part.get_attribute("data-first")
    part.get_by_text("18", exact=True).first.click()
    expect_shaken(page, "18 layers")
    assert part.get_attribute("data-first") == first
    page.get_by_role("button", name="Shake it").press("Enter")
    expect(part).not_to_have_attribute("data-first", str(first))
    expect_shaken(page, "18 layers")


@pytest.mark.served("the same scripts do it on both")
def test_it_follows_the_pad(page: Page) -> None:
    opened(page)
    expect_shaken(page, "This 7")
    open_tab(page, "Draw")
    page.get_by_role("button", name="Clear", exact=True).click()
    draw(page, 3)
    expect_digit(page, 3)
    settle(page)
    opened(page)
    expect_shaken(page, "This 3")
    open_tab(page, "Draw")
    page.get_by_role("button", name="Clear", exact=True).click()
    settle(page)
    opened(page)
    expect_shaken(page, "This 7")


def pair_of(plain: float) -> dict[str, Any]:
    """A server's answer for one pair of nets; plain: the cosine without shortcuts."""
    picture = encoded(torch.zeros(1, ink.SIDE, ink.SIDE))
    cosines = {"residual": 0.9, "plain": plain}
    nets = {net: {"cosine": one, "pictures": [picture] * 2} for net, one in cosines.items()}
    return {"drawn": picture, "nudged": picture, "nets": nets}


@pytest.mark.served("needs a server")
def test_one_odd_pair_of_nets_does_not_decide(page: Page) -> None:
    cosines = iter([0.7, 0.1, -0.6, 0.3, 0.05])
    answer_instead(page, "shaken", lambda route: route.fulfill(json=pair_of(next(cosines))))
    opened(page)
    expect_shaken(page, "with shortcuts nearly the same, without unrelated")
    assert cosine(page, "plain") == 0.1  # the pair in the middle of five


@pytest.mark.served("needs a server")
def test_what_goes_wrong_is_said_and_tried_again(page: Page) -> None:
    answer_instead(page, "shaken", lambda route: route.fulfill(json={"error": "No such nets."}))
    part = opened(page)
    expect(part.locator(".trouble")).to_have_text("No such nets.")
    page.unroute("**/component_server/")
    page.get_by_role("button", name="Shake it").click()
    expect_shaken(page, "This 7")
    expect(part.locator(".trouble")).to_be_empty()
    expect(page.get_by_test_id("shake-plain")).to_have_attribute(
        "data-cosine", re.compile(r"-?\d\.\d+")
    )


@pytest.mark.served("needs a server")
def test_what_is_chosen_while_a_fault_comes_is_shaken(page: Page) -> None:
    routes: list[Route] = []
    answer_instead(page, "shaken", lambda one: one.fallback() if routes else routes.append(one))
    part = opened(page)
    wait_for_questions(page, routes, 1)
    part.get_by_text("18", exact=True).first.click()
    routes[0].fulfill(json={"error": "No such nets."})
    expect_shaken(page, "This 7, 18 layers")
