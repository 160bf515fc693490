"""The words of the page's templates, found in their HTML: it says nothing of languages itself.

A message is the text between two tags of blocks, or an attribute that is read out. It keeps the
tags within a sentence, such as <b>, and the $names of what is filled in.
"""

import functools
import re
from collections.abc import Iterator
from string import Template
from typing import Any

from resnet.language import SOURCE, speaking, t

TOKEN = re.compile(r"<!--.*?-->|<(script|style)>.*?</\1>|<[^>]*>", re.DOTALL)
WITHIN = re.compile(r"</?(?:b|i|em|strong|sub|sup|code|a|span|output)\b")  # a sentence
SAID = re.compile(
    r'\b(?:aria-label|title|alt|placeholder|data-said|data-place)="([^"]*)"'
)  # attributes
NO_WORD = re.compile(r"<[^>]*>|\$\w+|\$\{\w+\}|&\w+;|[\d_]|[^\w<$&]")


class Markup(Template):
    """A template of HTML, to be filled in; its words come in the language that is spoken."""

    def substitute(self, *args: Any, **values: Any) -> str:
        return Template(translated(self.template, speaking.get())).substitute(*args, **values)


@functools.cache
def translated(html: str, language: str) -> str:
    """In the language that is spoken, which is named for the cache."""
    if language == SOURCE:
        return html
    made, done = "", 0
    for start, end in sorted(places(html)):
        made += html[done:start] + t(message(html[start:end]))
        done = end
    return made + html[done:]


def messages(html: str) -> Iterator[str]:
    for start, end in sorted(places(html)):
        yield message(html[start:end])


def message(text: str) -> str:
    """On one line, as HTML shows it."""
    return re.sub(r"\s+", " ", text)


def places(html: str) -> Iterator[tuple[int, int]]:
    """Where the words of the template stand."""
    tags = [*TOKEN.finditer(html)]
    blocks = [tag.span() for tag in tags if not WITHIN.match(tag[0])]
    edges = [0, *(at for span in blocks for at in span), len(html)]
    texts = (trimmed(html, *edge) for edge in zip(edges[::2], edges[1::2], strict=True))
    sentences = [(start, end) for start, end in texts if words(html[start:end])]
    yield from sentences
    for tag in tags:
        if not any(start <= tag.start() < end for start, end in sentences):
            yield from (of.span(1) for of in SAID.finditer(html, *tag.span()) if words(of[1]))


def words(text: str) -> bool:
    return len(NO_WORD.sub("", text)) > 1  # x, f and y are the same everywhere


def trimmed(html: str, start: int, end: int) -> tuple[int, int]:
    """Without space, elements that hold no words, and tags around all of it."""
    while True:
        text = html[start:end]
        before = re.match(r"\s+|<(\w+)[^>]*>\s*(?:[^\w<]*)</\1>", text)
        after = re.search(r"(?:\s+|<(\w+)[^>]*>\s*(?:[^\w<]*)</\1>)$", text)
        around = re.fullmatch(r"(<(\w+)[^>]*>)(?:(?!<\2\b).)*(</\2>)", text, re.DOTALL)
        if before:
            start += before.end()
        elif after:
            end -= len(after[0])
        elif around:
            start, end = start + len(around[1]), end - len(around[3])
        else:
            return start, end
