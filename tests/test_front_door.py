"""Addresses that the page does not need are closed, and odd requests get one sentence."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from resnet import samples
from tests.server import UPLOADED, Api
from ui.headers import AnswerHeaders

QUESTION = "gradio_api/component_server/"
# Routes of Gradio that this page has no use for, and some of nobody's.
SHUT = [
    "gradio_api/user", "gradio_api/token", "gradio_api/app_id", "gradio_api/runs", "login_check",
    "gradio_api/openapi.json", "gradio_api/heartbeat/x", "gradio_api/queue/status", "docs",
    "gradio_api/file=/etc/hostname", "gradio_api/file/etc/hostname", "monitoring", "openapi.json",
    "monitoring/summary", "gradio_api/upload_progress?upload_id=x", "svelte/x.js", "manifest.json",
    "pwa_icon/192", "gradio_api/deep_link?session_hash=x", "custom_component/1/client/x/y.js",
    "gradio_api/stream/a/b/1/playlist.m3u8", "gradio_api/run/predict", "wp-login.php", ".env",
    "%00", "assets/../../../app.py", "assets/%2e%2e/%2e%2e/x", "static/%00.js", "ui/%00.js",
]  # fmt: skip
POSTS = [
    "gradio_api/run/predict", "gradio_api/api/predict", "gradio_api/call", "login",
    "gradio_api/reset", "gradio_api/process_recording", "gradio_api/vibe-edit", "logout",
]  # fmt: skip


@pytest.fixture(scope="module")
def api(address: str) -> Iterator[Api]:
    api = Api(address)
    yield api
    api.http.close()


def refused(reply: httpx.Response, *statuses: int) -> str:
    """The sentence of a refusal."""
    assert reply.status_code in statuses, (reply.url, reply.status_code, reply.text)
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.text.endswith(".")
    assert "\n" not in reply.text
    return reply.text


def test_what_nobody_needs_is_not_there(api: Api) -> None:
    for path in SHUT:
        if "/file" not in path:
            assert refused(api.http.get(path), 404) == "There is nothing here."
    for path in POSTS:
        assert refused(api.http.post(path, json={}), 404) == "There is nothing here."


def test_another_method_is_one_sentence(api: Api) -> None:
    for method, path in (
        ("DELETE", ""), ("PUT", "config"), ("GET", QUESTION), ("POST", "zh.html"),
        ("POST", "health"), ("PATCH", "nets/list.json"), ("OPTIONS", "gradio_api/upload"),
    ):  # fmt: skip
        assert "takes no" in refused(api.http.request(method, path), 405)


def test_a_query_that_nobody_understands_changes_nothing(api: Api) -> None:
    for query in ("page=x", "deep_link=x", "utm_source=x&page=zh.html", "%00=%ff"):
        assert "gradio_config" in api.http.get(f"?{query}").text
    assert refused(api.http.get("config", params={"page": "x"}), 404)
    page = api.http.get("config", params={"page": "zh.html"})
    assert page.json()["current_page"] == "zh.html"


BODIES = [
    b"", b"{", b"[]", b"7", b"null", b'"x"', b"\xff", b"{}", b"[" * 100_000, b'{"data": NaN',
    b'{"data": ' + b"[1," * 60 + b"1" + b"]" * 60 + b"}", b'{"data": ' + b"9" * 5000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [QUESTION, "gradio_api/call/predict_strokes", "gradio_api/queue/join", "gradio_api/cancel"],
)
def test_a_body_that_is_none_is_one_sentence(api: Api, path: str) -> None:
    for body in BODIES:
        assert refused(api.http.post(path, content=body), 400, 404)


ODD: list[Any] = [None, -1, 0, 10**9, 2**70, 1.5, True, "", "7", [], {}, "x" * 5000, "\ud800", "\0"]


def test_unknown_functions_and_components_are_one_sentence(api: Api) -> None:
    """The numbers are those of a page that was looked at: only the odd value is wrong."""
    found = api.http.get("config", params={"page": ""}).json()
    pad = next(one["id"] for one in found["components"] if one["props"].get("elem_id") == "pad")
    usual = {"component_id": pad, "fn_name": "read", "session_hash": "x", "data": {"strokes": []}}
    assert api.http.post(QUESTION, json=usual).status_code == 200
    names = [*ODD, "__init__", "get_config", "mount", "preprocess", "course", "functions"]
    for field, values in (("component_id", [*ODD, pad - 1]), ("fn_name", names)):
        for value in values:
            body = json.dumps({**usual, field: value})
            reply = api.http.post(QUESTION, content=body)
            assert refused(reply, 404) == "There is no such function."


def test_unknown_endpoints_are_one_sentence(api: Api) -> None:
    for name in ("x", "read", "predict_strokes2", "Predict", "0"):
        reply = api.http.post(f"gradio_api/call/{name}", json={"data": [[]]})
        assert refused(reply, 404) == "There is no such endpoint."
    for number in ODD:
        if number == 0:
            continue  # the first there is
        body = json.dumps({"data": [[]], "fn_index": number, "session_hash": "x"})
        reply = api.http.post("gradio_api/queue/join", content=body)
        assert refused(reply, 404) == "There is no such endpoint."


@pytest.mark.parametrize("name", [None, 7, "", "a b", "x" * 65, "\ud800", ["x"], "../x"])
def test_odd_sessions_are_one_sentence(api: Api, name: Any) -> None:
    for path in ("queue/join", "cancel"):
        body = {"data": [[]], "fn_index": 1, "event_id": "x", "session_hash": name}
        reply = api.http.post(f"gradio_api/{path}", content=json.dumps(body))
        assert "session_hash" in refused(reply, 400)


def test_answers_that_nobody_called_for_are_one_sentence(api: Api) -> None:
    """Of a session that it does not know Gradio would begin an answer, and tear it."""
    assert refused(api.http.get("gradio_api/call/predict/0123"), 404)
    for query in ("session_hash=0123", "", "session_hash=%00", "session_hash=a&session_hash=b"):
        assert refused(api.http.get(f"gradio_api/queue/data?{query}"), 400, 404)


@pytest.mark.parametrize("data", [None, 7, {}, [], [[], []], "x"])
def test_data_that_do_not_fit_an_endpoint_are_one_sentence(api: Api, data: Any) -> None:
    reply = api.http.post("gradio_api/call/predict_strokes", json={"data": data})
    assert refused(reply, 400) == "The data are not a list of 1."


def test_inputs_that_gradio_fails_on_are_one_sentence(api: Api) -> None:
    odd = [None, 7, "x", [], {}, {"path": 7}, {"path": "\0"}, {"path": "/etc/hostname"}, [UPLOADED]]
    for file in odd:
        reply = api.http.post("gradio_api/call/predict", json={"data": [file]})
        assert refused(reply, 400) == "The image was not uploaded to this server."
    for strokes in ({"path": "x", "meta": 7}, [[{"path": "x", "meta": {"_type": 1}}]]):
        reply = api.http.post("gradio_api/call/predict_strokes", json={"data": [strokes]})
        assert refused(reply, 400).startswith("The strokes are not")


def test_what_is_not_understood_of_a_body_does_not_go_on(api: Api) -> None:
    more = {
        "batched": True,
        "event_id": 7,
        "simple_format": "x",
        "oauth_token": [],
        "trigger_id": {},
    }
    body = {"data": [samples.sample(4)], "session_hash": 7, "fn_index": -3, **more}
    started = api.http.post("gradio_api/call/predict_strokes", json=body)
    event = started.json()["event_id"]
    said = api.http.get(f"gradio_api/call/predict_strokes/{event}").text
    assert '"digit": 4' in said
    assert refused(api.http.get(f"gradio_api/call/predict_strokes/{event}"), 404)  # said once


@pytest.mark.parametrize("kind", [None, "text/plain", "application/json", "multipart/form-data"])
def test_an_upload_that_is_no_form_is_one_sentence(api: Api, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    reply = api.http.post("gradio_api/upload", content=b"x", headers=headers)
    assert "multipart/form-data" in refused(reply, 415)


def test_every_answer_forbids_loads_from_outside(api: Api) -> None:
    for path in (
        "",
        "zh.html",
        "config",
        "ui/page.js",
        "nets/list.json",
        "nothing",
        "ui/nothing.js",
    ):
        headers = api.http.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_the_word_that_lets_scripts_run_is_made_anew(api: Api) -> None:
    words = set()
    for path in ("", "", "zh.html"):
        reply = api.http.get(path)
        policy = reply.headers["content-security-policy"]
        word = policy.split("'nonce-")[1].split("'")[0]
        assert reply.text.count(f'<script nonce="{word}"') == reply.text.count("<script") > 3
        words.add(word)
    assert len(words) == 3


@pytest.mark.parametrize(("is_embedded", "ancestors"), [(False, "'none'"), (True, "*")])
def test_other_sites_show_the_page_in_a_frame_by_a_flag(is_embedded: bool, ancestors: str) -> None:
    answered = TestClient(AnswerHeaders(PlainTextResponse("x"), is_embedded)).get("/")
    assert answered.headers["content-security-policy"].endswith(f"; frame-ancestors {ancestors}")
