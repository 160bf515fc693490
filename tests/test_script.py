"""The scripts that the parts of the page are joined from."""

import re
from pathlib import Path

import pytest

import ui
from ui import script

FOLDER = Path(ui.__file__).parent
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.js"))
PARTS = "".join(path.read_text() for path in FOLDER.glob("*.py"))
JOINED = [re.findall(r'"(.+?)"', names) for names in re.findall(r"=script\((.+?)\)", PARTS)]


def declared(text: str) -> list[str]:
    """The names that a script declares outside of its functions."""
    names = re.findall(
        r"^(?:const|let|class|(?:async )?function) (\w+|\[[^\]]*\])", text, re.MULTILINE
    )
    return re.findall(r"\w+", " ".join(names))


def test_every_script_is_of_some_part() -> None:
    assert sorted({name for names in JOINED for name in names}) == SCRIPTS


@pytest.mark.parametrize("names", JOINED, ids=" ".join)
def test_no_name_is_declared_twice_in_a_joined_script(names: list[str]) -> None:
    found = declared(script(*names))
    assert found
    assert len(found) == len(set(found))


def test_a_digit_in_words_is_written_once() -> None:
    assert [name for name in SCRIPTS if '"an"' in (FOLDER / name).read_text()] == ["article.js"]
    needed = [names for names in JOINED if "aDigit(" in script(*names)]
    assert len(needed) == 3  # the cards, the tour and the board
    assert all("article.js" in names for names in needed)
