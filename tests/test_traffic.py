"""No visitor takes all of the server, and what is under way when it stops is answered."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from resnet import samples
from resnet.studies.race import Wish
from resnet.studies.race_queue import OF_ONE, WAITING, RaceError, RaceQueue
from tests.conftest import find_free_port
from tests.server import Api, app
from ui.guard import MAX_BODY, MAX_FILE, UPLOAD, RefusedError
from ui.traffic import ARRIVING, ASKING, AT_ONCE, KEPT, UPLOADED, Traffic, visitor_of


def request(
    address: str = "10.0.0.1", method: str = "GET", path: str = "/", **headers: object
) -> dict[str, Any]:
    named = [(of.replace("_", "-").encode(), str(it).encode()) for of, it in headers.items()]
    return {
        "type": "http", "client": (address, 1), "method": method, "path": path, "headers": named,
    }  # fmt: skip


def admitted(traffic: Traffic, scopes: Any) -> int:
    """How many of them are served at once."""
    count = 0
    with ExitStack() as served:
        for scope in scopes:
            try:
                served.enter_context(traffic.served(scope))
            except RefusedError as error:
                return count if error.status == 429 else -1
            count += 1
    return count


def test_one_visitor_has_so_many_requests_at_once() -> None:
    traffic = Traffic()
    assert admitted(traffic, itertools.repeat(request())) == AT_ONCE
    assert admitted(traffic, itertools.repeat(request(method="POST"))) == ASKING
    file = request(method="POST", path="/x", content_length=ARRIVING // 4)
    assert admitted(traffic, itertools.repeat(file)) == 4
    assert admitted(traffic, [request()] * AT_ONCE) == AT_ONCE  # all were given back


def test_a_body_of_unknown_length_counts_as_the_longest() -> None:
    chunked = request(method="POST", transfer_encoding="chunked")
    most = min(ASKING, ARRIVING // MAX_BODY)
    assert admitted(Traffic(), itertools.repeat(chunked)) == most


def test_other_visitors_are_not_kept_waiting() -> None:
    traffic = Traffic()
    with ExitStack() as served:
        for _ in range(AT_ONCE):
            served.enter_context(traffic.served(request("10.0.0.1")))
        assert admitted(traffic, [request("10.0.0.2", "POST")] * 6) == 6


def test_a_class_behind_one_address_has_room() -> None:
    """60 pupils draw at once, while 60 more open the page over six connections each."""
    drawing = [request(method="POST", content_length=20_000)] * 60
    opening = [request(path="/ui/page.js")] * 6 * 60
    assert admitted(Traffic(), drawing + opening) == 60 * 7


def test_files_are_counted_until_they_are_deleted() -> None:
    now = 0.0
    traffic = Traffic(lambda: now)
    file = request(method="POST", path=UPLOAD, content_length=MAX_FILE)

    def sent() -> int:
        for count in itertools.count():
            try:
                with traffic.served(file):
                    pass
            except RefusedError as error:
                return count if error.status == 429 else -1
        raise AssertionError

    assert sent() == UPLOADED // MAX_FILE
    now += KEPT / 2
    assert sent() == pytest.approx(UPLOADED // MAX_FILE / 2, abs=1)
    now += 2 * KEPT
    assert sent() == UPLOADED // MAX_FILE


def test_visitors_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.traffic.REMEMBERED", 50)
    traffic = Traffic()
    with traffic.served(request("10.1.1.1")):
        for number in range(500):
            admitted(traffic, [request(f"10.0.{number // 100}.{number % 100}")])
            assert len(traffic.shares) <= 51
        assert traffic.shares["10.1.1.1"].requests == 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("", "", True),
    ],
)
def test_who_is_one_visitor(one: str, other: str, is_same: bool) -> None:
    assert (visitor_of(request(one)) == visitor_of(request(other))) is is_same


def test_one_address_leaves_a_race_to_others() -> None:
    queue = RaceQueue()
    wish = Wish(18, True, 0.02, 1)
    tickets = [queue.enter(wish, "10.0.0.1") for _ in range(OF_ONE)]
    with pytest.raises(RaceError, match="from your network"):
        queue.enter(wish, "10.0.0.1")
    queue.enter(wish, "10.0.0.2")
    assert OF_ONE < WAITING + 1
    queue.leave(tickets[0])
    queue.enter(wish, "10.0.0.1")


# --- the end -------------------------------------------------------------------------------------


def test_it_waits_for_what_is_under_way_and_refuses_the_rest() -> None:
    traffic = Traffic()
    with traffic.served(request(method="POST")):
        end = threading.Thread(target=traffic.drain, args=(lambda: True, 60))
        end.start()
        while not traffic.is_draining:
            pass
        for path in ("/", "/config", "/gradio_api/call/predict"):
            with pytest.raises(RefusedError, match="stopping") as refused:
                traffic.served(request(path=path)).__enter__()
            assert refused.value.status == 503
        for path in ("/health", "/gradio_api/queue/data", "/gradio_api/call/predict/0123"):
            with traffic.served(request(path=path)):
                pass
        assert end.is_alive()
    end.join(30)
    assert not end.is_alive()


def test_a_call_in_the_queue_is_under_way() -> None:
    traffic, calls = Traffic(), iter([False] * 20)
    traffic.drain(lambda: next(calls, True), 60)
    assert next(calls, None) is None


def test_it_does_not_wait_for_ever() -> None:
    traffic = Traffic()
    with traffic.served(request()):
        traffic.drain(lambda: True, 0.1)
    assert traffic.is_draining


def test_five_requests_under_way_are_answered_when_it_is_told_to_stop() -> None:
    with app("--port", str(find_free_port())) as process:
        assert process.stdout is not None
        api = Api(process.stdout.readline().split()[2])
        is_asked = threading.Barrier(6)

        def body() -> Any:
            """Half of a question; the rest comes after the signal."""
            part = next(one["id"] for one in parts if one["props"].get("elem_id") == "pad")
            yield f'{{"component_id": {part}, "fn_name": "read", "session_hash": "x",'.encode()
            is_asked.wait(30)
            is_asked.wait(30)
            yield f'"data": {{"strokes": {samples.sample(6)}}}}}'.encode()

        def ask(_: int) -> httpx.Response:
            return httpx.post(address, content=body(), timeout=60, trust_env=False)

        parts = api.http.get("config", params={"page": ""}).json()["components"]
        address = f"{api.http.base_url}gradio_api/component_server/"
        assert api.http.get("health").json()["status"] == "ok"
        with ThreadPoolExecutor(5) as visitors:
            asked = [visitors.submit(ask, number) for number in range(5)]
            is_asked.wait(30)
            until(lambda: api.http.get("health").json()["under_way"] == 6)
            process.terminate()
            until(lambda: api.http.get("health").status_code == 503)
            assert api.http.get("health").json()["status"] == "draining"
            refused = api.http.get("")
            assert (refused.status_code, refused.text[-1]) == (503, ".")
            is_asked.wait(30)
            for one in asked:
                assert one.result().json()["answers"]["plain"]["digit"] == 6
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert err == ""


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(200):
        if is_so():
            return
        threading.Event().wait(0.02)
    raise AssertionError
