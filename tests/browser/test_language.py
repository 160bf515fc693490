"""The page in the visitor's language, and the way from one to another."""

import re

import pytest
from playwright.sync_api import Page, expect

from resnet.language import spoken, t
from tests.browser.visitor import PHONE, OpenPage, after, expect_digit, open_tab

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
