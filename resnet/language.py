"""The page in other languages: messages are written in English and translated in locale/.

A message is a whole sentence or label, with {names} for what is filled in. `python -m ui.messages`
collects those of the project into the catalogues, which are in gettext's format.
"""

import functools
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "EN", "zh": "中文"}  # the names on the page's switch
TAGS = {"en": "en", "zh": "zh-Hans"}  # for the lang attribute
SOURCE = "en"  # the language of the messages in the code
FOLDER = Path(__file__).parent.parent / "locale"

speaking = ContextVar("speaking", default=SOURCE)


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Within the block, and in this thread only, t and tn translate into this language."""
    token = speaking.set(language)
    try:
        yield
    finally:
        speaking.reset(token)


def t(message: str, **values: Any) -> str:
    """Translate a message, then fill in the values."""
    text = catalogue(speaking.get()).get(message, message)
    return text.format(**values) if values else text


def tn(one: str, many: str, n: int, **values: Any) -> str:
    """Translate the singular or the plural, by n; both may contain {n}."""
    return t(one if n == 1 or speaking.get() != SOURCE else many, n=n, **values)


def N_(message: str) -> str:  # noqa: N802 - gettext's usual name for it
    """Mark a message for translation; t translates it later."""
    return message


def listed(items: Iterable[object], joint: str = N_("{some} and {last}")) -> str:
    """ "1, 2 and 3"; the joint says how the last item is added, as in "{some} or {last}"."""
    *others, last = map(str, items)
    return t(joint, some=t(", ").join(others), last=last) if others else last


def in_a_row(sentences: Iterable[str]) -> str:
    """Join whole sentences; Chinese puts no space between them."""
    said = [one for one in sentences if one]
    return functools.reduce(lambda one, more: t("{one} {more}", one=one, more=more), said or [""])


@functools.cache
def catalogue(language: str) -> dict[str, str]:
    """Message -> its translation. A plural is found under its singular."""
    messages = read(language) if language != SOURCE else ()
    return {message.text: message.said for message in messages if message.said}


@functools.cache
def for_scripts(language: str) -> dict[str, str]:
    """The part of the catalogue that the page's scripts use."""
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
    """All messages of a catalogue, without its header.

    Python's gettext reads compiled .mo files only, which would have to be compiled anew after
    every change of a .po file."""
    text = (FOLDER / f"{language}.po").read_text(encoding="utf-8")
    entries = [Message(entry) for entry in text.split("\n\n") if not entry.startswith("#~")]
    return [message for message in entries if message.text]


def quoted(keyword: str, entry: str) -> str:
    """The text after a keyword: strings in quotes, one below the other, with JSON's escapes."""
    found = re.search(rf'^{keyword} ((?:"(?:[^"\\]|\\.)*"\s*)+)', entry, re.MULTILINE)
    return "".join(json.loads(line) for line in found[1].split("\n") if line) if found else ""
