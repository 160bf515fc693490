"""The page in the visitor's language, and the way from one to another."""

import base64
import io
import re

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from playwright.sync_api import Page, expect

from resnet.language import spoken, t
from tests.browser.visitor import PHONE, OpenPage, after, expect_digit, open_tab
from ui.languages import ADDRESSES

ZH = re.compile(r"/zh\.html(#.*)?$")


def in_chinese(message: str) -> str:
    with spoken("zh"):
        return t(message)


def expect_chinese(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page).to_have_title(in_chinese("With and without shortcuts"))
    expect(page.get_by_role("tab", name=in_chinese("Mistakes"))).to_be_visible()


def test_the_first_visit_is_in_the_browsers_language(open_page: OpenPage, host: str) -> None:
    page = open_page(host, locale="zh-CN")
    expect(page).to_have_url(ZH)
    expect_digit(page, 7)
    expect_chinese(page)
    open_tab(page, in_chinese("Mistakes"))
    expect(page.get_by_test_id("finding")).to_contain_text("McNemar 精确检验")
    button = page.locator("#mistakes button").first
    expect(button).to_be_enabled()
    expect(button).to_have_attribute("title", re.compile("^MNIST 测试集第"))


def test_the_switch_is_kept_and_brings_the_state_along(open_page: OpenPage, host: str) -> None:
    page = open_page(host)
    expect_digit(page, 7)
    after(page, page.locator('[data-sample="3"]').click)
    expect(page).to_have_url(re.compile("s=3"))
    switch = page.locator("#languages")
    switch.get_by_role("link", name="中文").click()
    expect(page).to_have_url(re.compile(r"zh\.html#s=3"))
    expect_digit(page, 3)
    expect_chinese(page)
    page.goto("about:blank")
    page.goto(host)  # the next visit
    expect(page).to_have_url(ZH)
    expect_digit(page, 7)
    switch.get_by_role("link", name="EN").click()
    expect(page).to_have_url(re.compile("lang=en"))
    expect_digit(page, 7)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    after(page, page.locator('[data-sample="4"]').click)
    expect(page).to_have_url(re.compile(r"lang=en#s=4"))


@pytest.mark.served("the same script does it on both")
def test_a_phone_shows_the_other_language(open_page: OpenPage, host: str) -> None:
    page = open_page(host, **PHONE)
    expect_digit(page, 7)
    expect(page.get_by_role("link", name="中文")).to_be_visible()
    expect(page.get_by_role("link", name="EN")).to_be_hidden()


# --- room ----------------------------------------------------------------------------------------


def squares() -> str:
    """A font as a style sheet: all Chinese letters are squares, as wide as they are in any font. A
    machine without one would show narrower boxes."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 800), (900, 800), (900, 0)):
        pen.lineTo(point)
    pen.closePath()
    square = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "square"])
    codes = [*range(0x2E80, 0xA000), *range(0xFF00, 0xFFF0)]
    font.setupCharacterMap(dict.fromkeys(codes, "square"))
    font.setupGlyf({".notdef": square, "square": square})
    font.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 100)})
    font.setupHorizontalHeader(ascent=880, descent=-120)
    font.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    file = io.BytesIO()
    font.save(file)
    data = base64.b64encode(file.getvalue()).decode()
    return f"""
        @font-face {{ font-family: Squares; src: url(data:font/ttf;base64,{data}); }}
        :root {{ --letters: system-ui, "DejaVu Sans", Squares, sans-serif !important; }}
    """


# Texts that are wider than their box, or than the page where nothing scrolls around them.
TOO_WIDE = """() => {
    const found = [];
    const blockOf = (element) => {
        while (getComputedStyle(element).display === "inline") element = element.parentElement;
        return element;
    };
    const scrolls = (element) =>
        element && (/auto|scroll/.test(getComputedStyle(element).overflowX)
            || scrolls(element.parentElement));
    for (const element of document.querySelectorAll("gradio-app *")) {
        const texts = [...element.childNodes].filter((one) => one instanceof Text);
        if (!texts.some((one) => one.data.trim()) || !element.checkVisibility()) continue;
        const range = document.createRange();
        range.selectNodeContents(element);
        const text = range.getBoundingClientRect();
        const picture = element.closest("svg");
        const box = (picture ?? blockOf(element)).getBoundingClientRect();
        if (text.width === 0 || box.width <= 2) continue; // for screen readers only
        const isOut = text.right > box.right + 1.5 || text.left < box.left - 1.5;
        const isOff = text.right > document.documentElement.clientWidth + 1;
        if (isOut || (isOff && !scrolls(element))) found.push(element.textContent.trim());
    }
    return found;
}"""


@pytest.mark.served("the same style sheets hold on both")
@pytest.mark.parametrize("path", ["", *ADDRESSES.values()])
def test_every_text_has_its_room(open_page: OpenPage, address: str, path: str) -> None:
    page = open_page(f"{address}{path}", bypass_csp=True)
    expect_digit(page, 7)
    page.add_style_tag(content=squares())
    for width, height in ((1280, 800), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for tab in page.get_by_role("tab").all():
            tab.click()
            expect(page.locator(".wait:visible")).to_have_count(0)  # figures are being drawn
            assert page.evaluate(TOO_WIDE) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
