"""What visitors read, in their language: messages are English, and locale/ has them in others.

A message is a whole sentence or label, with {names} for what is filled in. `python -m ui.messages`
collects those of the project into the catalogues, which are in gettext's format.
"""

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "EN", "zh": "中文"}  # as the switch of the page names them
TAGS = {"en": "en", "zh": "zh-Hans"}  # as a document names them
SOURCE = "en"  # of the messages
FOLDER = Path(__file__).parent.parent / "locale"

speaking = ContextVar("speaking", default=SOURCE)


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Messages come in this language meanwhile, in this thread."""
    token = speaking.set(language)
    try:
        yield
    finally:
        speaking.reset(token)


def t(message: str, **values: Any) -> str:
    """The message in the language that is spoken, with the values in it."""
    text = catalogue(speaking.get()).get(message, message)
    return text.format(**values) if values else text


def tn(one: str, many: str, n: int, **values: Any) -> str:
    """The same of a message for one and a message for many, which may say {n}."""
    return t(one if n == 1 or speaking.get() != SOURCE else many, n=n, **values)


def N_(message: str) -> str:  # noqa: N802 - gettext's usual name for it
    """Marks a message that is not said yet."""
    return message


def listed(items: Iterable[object], joint: str = N_("{some} and {last}")) -> str:
    """ "1, 2 and 3"; the joint says how the last is joined on."""
    *others, last = map(str, items)
    return t(joint, some=t(", ").join(others), last=last) if others else last


def in_a_row(sentences: Iterable[str]) -> str:
    """Whole sentences, one after the other: Chinese has no space between them."""
    said = [one for one in sentences if one]
    return functools.reduce(lambda one, more: t("{one} {more}", one=one, more=more), said or [""])


@functools.cache
def catalogue(language: str) -> dict[str, str]:
    """English -> this language; a message of one and many stands under the one."""
    messages = read(language) if language != SOURCE else ()
    return {message.text: message.said for message in messages if message.said}


@functools.cache
def for_scripts(language: str) -> dict[str, str]:
    """What of the catalogue the page's scripts say."""
    said = catalogue(language)
    of_scripts = (message.text for message in read(language) if ".js" in message.places)
    return {text: said[text] for text in of_scripts if text in said}


class Message:
    """An entry of a catalogue."""

    def __init__(self, entry: str) -> None:
        self.places = " ".join(re.findall(r"^#: (.*)$", entry, re.MULTILINE))
        self.text = quoted("msgid", entry)
        self.said = quoted("msgstr", entry) or quoted(r"msgstr\[0\]", entry)


def read(language: str) -> list[Message]:
    """The whole catalogue; what it says of itself, under "", is left out. gettext itself reads
    another format only, which would have to be made of this one after every change."""
    text = (FOLDER / f"{language}.po").read_text(encoding="utf-8")
    entries = [Message(entry) for entry in text.split("\n\n") if not entry.startswith("#~")]
    return [message for message in entries if message.text]


def quoted(keyword: str, entry: str) -> str:
    """The text after a keyword: strings in quotes, one below the other."""
    found = re.search(rf'^{keyword} ((?:"(?:[^"\\]|\\.)*"\s*)+)', entry, re.MULTILINE)
    return "".join(ast.literal_eval(line) for line in found[1].split("\n") if line) if found else ""
