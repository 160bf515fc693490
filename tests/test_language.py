"""The words of the page in its languages: none is missing, and each says the same."""

import json
import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from resnet.comparison import Comparison, finding
from resnet.language import FOLDER, LANGUAGES, SOURCE, catalogue, listed, read, spoken, t, tn
from ui import markup, messages
from ui.languages import ADDRESSES, address_of, as_file, switch
from ui.markup import Markup

OTHERS = [language for language in LANGUAGES if language != SOURCE]
FILLED = re.compile(r"\{\w+\}|\$\w+", re.ASCII)  # as Template sees them
TAG = re.compile(r"</?\w+")


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """Of a message, for one and for many where it has both."""
    return [text or ""] if isinstance(text, str | None) else [*text]


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_holds_what_is_said_and_nothing_else(language: str) -> None:
    """After a change of the English: python -m ui.messages, then the new words by hand."""
    said = {one.id: one for one in messages.collected() if one.id}
    known = {one.id: one for one in messages.stored(language) if one.id}
    assert sorted(map(str, said.keys() ^ known.keys())) == []
    assert [one.id for one in known.values() if not one.string or not all(one.string)] == []
    assert [one.id for one in known.values() if one.fuzzy] == []
    for message, one in known.items():
        assert {path for path, _ in one.locations} == {
            path for path, _ in said[message].locations
        }, message


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_filled_in_and_the_tags_are_the_same(language: str) -> None:
    for one in messages.stored(language):
        if one.id:
            english, other = forms(one.id)[-1], forms(one.string)[0]
            assert set(FILLED.findall(english)) == set(FILLED.findall(other)), english
            assert Counter(TAG.findall(english)) == Counter(TAG.findall(other)), english


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_is_read_as_gettext_means_it(language: str) -> None:
    theirs = {forms(one.id)[0]: forms(one.string)[0] for one in messages.stored(language) if one.id}
    assert {one.text: one.said for one in read(language)} == theirs


def test_the_source_is_said_as_it_stands() -> None:
    assert t("no such {thing}", thing=3) == "no such 3"
    assert tn("{n} part", "{n} parts", 1) == "1 part"
    assert tn("{n} part", "{n} parts", 2) == "2 parts"
    assert listed([1, 2, 3]) == "1, 2 and 3"
    assert catalogue(SOURCE) == {}


def test_a_language_holds_where_it_is_spoken() -> None:
    found = Comparison(10, {"residual": {1: 7}, "plain": {}}, "")
    english = finding(found)
    with spoken("zh"):
        chinese = finding(found)
        assert "McNemar" in chinese
        assert "个数字" in chinese
        assert listed([1, 2, 3]) == "1、2 和 3"
    assert finding(found) == english


def test_sentences_are_found_whole_in_html() -> None:
    html = """<section aria-label="Inside">
      <h2>Click   a
      <b>unit</b> of $net</h2> <p data-x="word"><span class="layers"></span> layers,</p>
      <p title="Why">$alone</p><p>12 &ndash; 3 %</p><script>no()</script><i><b>All</b></i></section>
    """
    assert [*markup.messages(html)] == [
        "Inside",
        "Click a <b>unit</b> of $net",
        "layers,",
        "Why",
        "All",
    ]


def test_a_template_is_filled_in_after_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "t", {"With <b>$n</b> units": "$n 个", "units": "个"}.__getitem__)
    template = Markup('<p title="units">With <b>$n</b>\n units</p>')
    assert template.substitute(n=3) == '<p title="units">With <b>3</b>\n units</p>'
    with spoken("zh"):
        assert template.substitute(n=3) == '<p title="个">3 个</p>'


def test_messages_of_scripts_are_found(tmp_path: Path) -> None:
    script = tmp_path / "some.js"
    script.write_text('t("a {n}", { n });\ntn("one", "many" + " of \\"them\\"", n);\nset("b");')
    assert [*messages.in_script(script)] == [(1, "a {n}"), (2, ("one", 'many of "them"'))]


def test_scripts_get_their_own_words_only() -> None:
    words = json.loads(as_file("zh"))
    assert words["The server does not answer."] == catalogue("zh")["The server does not answer."]
    assert "Only the net without gets these" not in words
    assert len(words) < len(catalogue("zh"))


def test_each_language_has_a_page(address: str) -> None:
    for language in OTHERS:
        page = httpx.get(f"{address}{ADDRESSES[language]}").text
        with spoken(language):
            assert f"<title>{t('With and without shortcuts')}</title>" in page
            assert "aria-current=true" in switch()
        assert f'lang="zh-Hans" data-catalogue="{address_of(language)}"' in page
        reply = httpx.get(f"{address}{address_of(language)}")
        assert reply.text == as_file(language)
        assert reply.headers["cache-control"] == "no-cache"
    assert 'lang="en"' in httpx.get(address).text


def test_the_folder_holds_no_other_catalogue() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(OTHERS)
