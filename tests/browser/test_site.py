"""The page without a server, on a plain host: at its root, below a path, and without a network."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from playwright.sync_api import Page, expect

import app
from bench.look import hosted
from resnet import export, lenses, mnist, samples
from resnet.classifier import Classifier
from tests.browser.visitor import (
    PHONE,
    OpenPage,
    after,
    card,
    draw,
    expect_digit,
    open_tab,
    settle,
    wait_until,
)
from ui.board import TITLES
from ui.cards import AnswerCards
from ui.depth import ALONE as NOBODY_SENDS
from ui.reading import Reader
from ui.site import write

PATIENCE = 120_000  # ms: a busy machine takes its time to load the nets
PLACES = (
    "#title h1", "#tabs [role=tab]:last-of-type", "[data-testid=pad]", "#cards", "#surprise",
    "#board", "#replay",
)  # fmt: skip
TABS = ("Fair race", "Depth and gradients", "The experiment", "Training", "Mistakes")


# Whether the service worker has all files, and answers for this page.
KEPT = """navigator.serviceWorker.getRegistration().then(
    (found) => Boolean(found?.active && navigator.serviceWorker.controller),
)"""


def arrive(open_page: OpenPage, address: str, **options: Any) -> Page:
    page = open_page(address, has_worker=True, **options)
    expect(card(page, "plain")).to_have_attribute("data-digit", "7", timeout=PATIENCE)
    settle(page)
    return page


@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_all_stands_where_it_does_on_the_served_page(
    open_page: OpenPage, address: str, site: str, size: dict[str, Any]
) -> None:
    def places(host: str) -> dict[str, object]:
        page = arrive(open_page, host, **size)
        return {place: page.locator(place).first.bounding_box() for place in PLACES}

    assert places(site) == places(address)


def test_it_reads_as_python_does(
    open_page: OpenPage, site: str, classifiers: dict[str, Classifier]
) -> None:
    page = arrive(open_page, site)
    expect(page.get_by_test_id("reader")).to_have_text("Read here")
    exported = {variant: export.as_exported(one) for variant, one in classifiers.items()}
    reader = Reader(exported, mnist.FOLDER)
    for digit in (7, 2):
        page.get_by_role("button", name=str(digit), exact=True).click()
        expect_digit(page, digit)
        settle(page)
        for variant, answer in reader.strokes(samples.sample(digit)).items():
            shown = card(page, variant).locator(".number").all_inner_texts()
            ours = [100 * value for value in answer["probabilities"] or []]
            assert [float(text) for text in shown] == pytest.approx(ours, abs=0.06)


def test_every_part_is_there_below_a_path(
    open_page: OpenPage, folder: Path, tmp_path: Path, encoded: Callable[..., bytes]
) -> None:
    with hosted(folder.parent.parent) as address:
        page = arrive(open_page, f"{address}below/a-path/")
        expect(page).to_have_title(app.TITLE)
        after(page, lambda: draw(page, 3))
        expect_digit(page, 3)
        for lens in lenses.LENSES:
            page.get_by_text(TITLES[lens], exact=True).click()
            expect(page.locator(f'#board .cell[data-lens="{lens}"]')).to_have_count(18)
        after(page, page.locator('[data-net="plain"] [data-unit="2"]').click)
        expect(page.locator("[data-altered=plain]").first).not_to_be_empty()
        expect(page).to_have_url(re.compile("o=2"))
        page.locator("#lab summary").click()
        settle(page)
        page.locator("#lab summary").click()
        page.get_by_role("button", name="Take the tour").click()
        expect(page.get_by_test_id("tour")).to_have_attribute("data-step", "1")
        page.get_by_role("button", name="Close the tour").click()
        file = tmp_path / "seven.png"
        file.write_bytes(encoded(mnist.load().test.images[0].numpy()))
        after(page, lambda: page.get_by_test_id("upload").set_input_files(file))
        expect_digit(page, 7)
        see_all_tabs(page)
        page.close()  # before its host goes: it may be loading what lies further down


def see_all_tabs(page: Page) -> None:
    open_tab(page, "Fair race")
    expect(page.locator("#race .picture svg").first).to_be_attached()
    expect(page.get_by_test_id("race-state")).to_contain_text("shows the stored runs")
    expect(page.get_by_role("button", name="Start the race")).to_be_disabled()
    expect(page.get_by_test_id("race-finding")).to_be_hidden()
    page.locator("#race").get_by_text("Off", exact=True).first.click()
    expect(page.locator("#race .picture svg").first).to_be_attached()

    open_tab(page, "Depth and gradients")
    page.get_by_role("button", name="Send one error back").click()
    expect(page.get_by_test_id("thermometer-says")).to_have_text(NOBODY_SENDS)

    open_tab(page, "The experiment")
    expect(page.locator("#experiment .measured svg").first).to_be_attached()
    expect(page.get_by_test_id("proof-result")).to_contain_text("Choose the ten samples")
    page.get_by_text("Ten samples", exact=True).click()
    expect(page.get_by_test_id("proof-result")).to_have_attribute("data-says", "equal")

    open_tab(page, "Training")
    expect(page.get_by_test_id("courses").locator("svg").first).to_be_attached()

    open_tab(page, "Mistakes")
    digit = page.locator("#mistakes button").first
    expect(digit).to_be_enabled()
    after(page, digit.click)
    expect(page.get_by_test_id("source")).to_have_text(re.compile(r"MNIST test digit \d+, label"))


def test_tabs_are_walked_by_keys(open_page: OpenPage, site: str) -> None:
    page = arrive(open_page, site)
    page.get_by_role("tab", name="Draw").focus()
    for key, name in (("ArrowLeft", TABS[-1]), ("Home", "Draw"), ("End", TABS[-1])):
        page.keyboard.press(key)
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tab", selected=True)).to_have_text(name)
    expect(page.locator("#draw")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_the_system_is(open_page: OpenPage, site: str, scheme: str) -> None:
    page = open_page(site, has_worker=True, color_scheme=scheme)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (min(map(int, re.findall(r"\d+", paper))) > 200) == (scheme == "light")


def test_after_the_first_visit_it_needs_no_network(open_page: OpenPage, folder: Path) -> None:
    with hosted(folder) as address:
        page = arrive(open_page, address, service_workers="allow")
        wait_until(page, lambda: bool(page.evaluate(KEPT)), 120)
    page.server_is_gone = True  # type: ignore[attr-defined]
    page.reload()
    expect(card(page, "plain")).to_have_attribute("data-digit", "7", timeout=PATIENCE)
    after(page, lambda: draw(page, 3))
    expect_digit(page, 3)
    see_all_tabs(page)


def test_a_phone_can_install_it(open_page: OpenPage, site: str) -> None:
    page = arrive(open_page, site)
    session = page.context.new_cdp_session(page)
    found = session.send("Page.getAppManifest")
    assert found["errors"] == []
    assert page.evaluate(
        """async () => {
            const manifest = await (await fetch("manifest.webmanifest")).json();
            const sizes = manifest.icons.map(async ({ src, sizes }) => {
                const icon = await createImageBitmap(await (await fetch(src)).blob());
                return sizes === `${icon.width}x${icon.height}`;
            });
            return (await Promise.all(sizes)).every(Boolean);
        }"""
    )


def test_the_cards_are_the_pages(folder: Path, nets: dict[str, Classifier]) -> None:
    assert AnswerCards(nets).html_template in (folder / "index.html").read_text()


def test_what_is_no_older_site_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with gr.Blocks() as page, pytest.raises(FileExistsError, match="something else"):
        write(page, tmp_path, "", "", app.CSS)
    assert (tmp_path / "mine.txt").exists()
