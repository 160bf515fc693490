"""The parts of the page, and their scripts as the server sends them."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from ui import part
from ui.lab import InkLab
from ui.link import TABS
from ui.question import fault

SCRIPTS = sorted(path.name for path in part.FOLDER.glob("*.js"))
IMPORT = re.compile(r'^(?:import|export) .*?from "\./(.+?)";', re.MULTILINE | re.DOTALL)


@pytest.fixture
def http(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address) as http:
        yield http


def imported(script: str) -> set[str]:
    """All scripts that this one needs, itself included."""
    found, new = set(), {script}
    while new:
        found |= new
        new = {name for one in new for name in IMPORT.findall((part.FOLDER / one).read_text())}
        new -= found
    return found


def test_every_script_is_served_and_preloaded(http: httpx.Client) -> None:
    page = http.get("").text
    assert len(SCRIPTS) > 10
    for name in SCRIPTS:
        reply = http.get(f"ui/{name}")
        assert reply.text == (part.FOLDER / name).read_text()
        assert reply.headers["content-type"].startswith("text/javascript")
        assert f'<link rel="modulepreload" href="ui/{name}">' in page


def test_every_script_is_of_some_part(http: httpx.Client) -> None:
    config = http.get("config").json()
    texts = [component["props"].get("js_on_load") or "" for component in config["components"]]
    mounted = {name for text in texts for name in re.findall(r'"ui/(.+?)"', text)}
    assert len(mounted) == 16
    assert sorted(set().union(*map(imported, mounted))) == SCRIPTS


def test_links_know_every_tab(http: httpx.Client) -> None:
    components = http.get("config").json()["components"]
    tabs = [one["props"]["elem_id"] for one in components if one["type"] == "tabitem"]
    assert list(dict.fromkeys(tab.removeprefix("tab-") for tab in tabs)) == list(TABS)


def test_a_browser_asks_whether_it_has_the_newest(http: httpx.Client) -> None:
    reply = http.get("ui/page.js")
    assert reply.headers["cache-control"] == "no-cache"
    again = http.get("ui/page.js", headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["pad.py", "pad.html", "pad.css", "", "none.js", "%2e%2e/app.py", "..%2fbench/live.js"]
)
def test_nothing_else_of_the_folder_is_served(http: httpx.Client, path: str) -> None:
    assert http.get(f"ui/{path}").status_code == 404


def test_the_guard_stands_before_the_scripts(http: httpx.Client) -> None:
    assert http.get("ui/pad.js", headers={"Host": "elsewhere.example"}).status_code == 400


def test_no_word_of_a_part_is_taken_for_a_listener() -> None:
    """Gradio makes one of any attribute whose name stands in quotes in the script."""
    lab = InkLab()
    for name in ("lab", "pad", "mount", "reader", "measured"):
        with pytest.raises(AttributeError):
            getattr(lab, name)
    json.dumps(lab.get_config())


def test_a_refusal_is_a_reply() -> None:
    def refuse(asked: object) -> dict[str, object]:
        raise fault(f"No {asked}.")

    assert part.in_words(refuse)("such thing") == {"error": "No such thing."}
    assert part.in_words(lambda asked: {"asked": asked})(3) == {"asked": 3}

    def fail(asked: object) -> dict[str, object]:
        raise ValueError(asked)

    with pytest.raises(ValueError, match="3"):
        part.in_words(fail)(3)
