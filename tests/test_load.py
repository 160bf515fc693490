"""Many visitors at once: all are answered, and the server does not grow."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

from app import build
from resnet.classifier import Classifier
from tests.conftest import find_free_port
from tests.server import Api, app

MB = 2**20


class Server:
    """A server in a process of its own, so that its memory is nobody else's."""

    def __init__(self, process: psutil.Process, address: str) -> None:
        self.process = process
        self.api = Api(address)

    def memory(self) -> float:
        return float(self.process.memory_info().rss / MB)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with app("--port", str(find_free_port())) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[2]
        yield Server(psutil.Process(process.pid), address)
        process.terminate()
        process.communicate(timeout=30)


def at_once(count: int, ask: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as visitors:
        return list(visitors.map(ask, range(count)))


def test_the_config_of_the_page_is_plain_json(classifiers: dict[str, Classifier]) -> None:
    """Anything else would be copied at every visit: the nets, once."""
    page = build(classifiers)
    assert "Draw" in json.dumps(page.get_config_file())
    page.close()


def test_visits_leave_no_memory_behind(server: Server) -> None:
    def visit(_: int) -> int:
        return httpx.get(f"{server.api.http.base_url}", timeout=60, trust_env=False).status_code

    assert visit(0) == 200
    before = server.memory()
    assert set(at_once(40, visit)) == {200}
    assert {visit(number) for number in range(160)} == {200}
    assert server.memory() - before < 100


def test_the_heavy_tabs_leave_little_memory_behind(server: Server) -> None:
    """Visitors who come at once wait for each other or are asked to try again."""
    wishes = [
        ("send", {"depth": 98, "has_norm": True}, "depth"),
        ("check", {"weights": "trained", "flaws": [], "picture": None}, "experiment"),
    ]

    def ask(number: int) -> dict[str, Any]:
        return dict(server.api.server_function(*wishes[number % 2]).json())

    for number in range(2):  # what is loaded once stays: torchvision, MNIST, a net
        assert "error" not in ask(number)
    before = server.memory()
    for _ in range(2):
        replies = at_once(24, ask)
        assert any("error" not in reply for reply in replies)
        busy = "The server is busy; please try again."
        assert {reply["error"] for reply in replies if "error" in reply} <= {busy}
    assert server.memory() - before < 250


def test_a_figure_that_many_ask_for_is_drawn_once() -> None:
    from threading import Barrier

    from ui.once import drawn_once

    calls = []

    @drawn_once
    def draw(name: str) -> str:
        calls.append(name)
        return name.upper()

    start = Barrier(8)

    def ask(number: int) -> str:
        start.wait()
        return draw("ab"[number % 2])

    assert sorted(at_once(8, ask)) == ["A"] * 4 + ["B"] * 4
    assert sorted(calls) == ["a", "b"]
