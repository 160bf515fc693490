"""Bad requests are refused before Gradio sees them."""

import socket
from collections.abc import Iterator

import httpx
import pytest

from resnet import samples
from tests.server import Api
from ui.guard import MAX_FILE

ASKED = "gradio_api/component_server/"


@pytest.fixture(scope="module")
def api(address: str) -> Iterator[Api]:
    api = Api(address)
    yield api
    api.http.close()


def paths(api: Api) -> list[str]:
    """Every path that takes a body, also those that only look like the one for uploads."""
    functions = ("predict", "upload", "x/upload", "v2/upload", "v2/predict")
    named = [f"gradio_api/{kind}/{name}" for kind in ("call", "run", "api") for name in functions]
    return [*named, ASKED, "gradio_api/queue/join", "gradio_api/upload", "upload", "x/upload", ""]


# --- hosts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", ""]
)
def test_a_foreign_host_is_refused(api: Api, host: str) -> None:
    for path in ("", "config", "gradio_api/info"):
        assert api.http.get(path, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("second", ["evil.example", "127.0.0.1"])
def test_two_hosts_are_refused(api: Api, second: str) -> None:
    """Which of them counts is a matter of taste, so neither; no client library sends two."""
    url = api.http.base_url
    request = f"GET /config HTTP/1.1\r\nHost: {url.netloc.decode()}\r\nHost: {second}\r\n\r\n"
    with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
        connection.sendall(request.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1", "[::1]:7860"])
def test_names_of_this_machine_are_served(api: Api, host: str) -> None:
    assert api.http.get("config", headers={"Host": host}).status_code == 200


# --- other web pages -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},  # another server of this machine
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"},
    ],
)
def test_another_web_page_can_ask_nothing(api: Api, headers: dict[str, str]) -> None:
    for path in paths(api):
        reply = api.http.post(path, headers=headers, content=b"{}")
        assert reply.status_code == 403
    assert api.http.options(ASKED, headers=headers).status_code == 403
    assert api.http.get("", headers=headers).status_code == 200  # a link to the page


def test_the_page_itself_and_programs_are_answered(api: Api) -> None:
    host = api.http.base_url.netloc.decode()
    for headers in (
        {},
        {"Origin": f"http://{host}"},
        {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"},
        # Behind a proxy the page's address is another one; the browser says that it is the page.
        {"Origin": "https://digits.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ):
        api.http.headers.update(headers)
        reply = api.server_function("read", {"strokes": samples.sample(3)})
        assert reply.json()["answers"]["plain"]["digit"] == 3
        for name in headers:
            del api.http.headers[name]


# --- sizes ---------------------------------------------------------------------------------------


def test_a_large_body_is_refused_on_every_path(api: Api) -> None:
    body = b"[" + bytes(30_000_000) + b"]"
    for path in paths(api):
        assert api.http.post(path, content=body).status_code == 413, path
        assert api.http.get("config").status_code == 200


@pytest.mark.parametrize("path", [ASKED, "gradio_api/call/predict", "gradio_api/call/upload"])
def test_a_large_body_of_unknown_length_is_refused(api: Api, path: str) -> None:
    chunk = b"1," * 32_768
    try:
        reply = api.http.post(path, content=(chunk for _ in range(150)))
    except httpx.TransportError:
        return
    assert reply.status_code == 413


def test_a_file_larger_than_allowed_is_refused(api: Api) -> None:
    for size, status in ((MAX_FILE - 1000, 200), (MAX_FILE + 1000, 413), (9_000_000, 413)):
        files = {"files": ("large.png", bytes(size))}
        assert api.http.post("gradio_api/upload", files=files).status_code == status


def test_many_files_at_once_are_refused(api: Api) -> None:
    files = [("files", (f"{number}.png", bytes(7_000_000))) for number in range(3)]
    assert api.http.post("gradio_api/upload", files=files).status_code == 413
