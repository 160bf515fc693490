"""app.py as a process, and what its server answers to programs and to strangers."""

import base64
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import numpy as np
import pytest

from app import get_args_parser, launch
from resnet import checkpoint, ink, lab, mnist, samples
from resnet.classifier import Classifier
from tests.server import UPLOADED, Api, app

ROOT = Path(__file__).parent.parent
Encoder = Callable[..., bytes]


@pytest.fixture(scope="module")
def api(address: str) -> Iterator[Api]:
    api = Api(address)
    yield api
    api.http.close()


# --- the endpoints -----------------------------------------------------------------------------


def test_predict_strokes_answers_as_classify_does(
    api: Api, classifiers: dict[str, Classifier]
) -> None:
    name, (answers,) = api.call("predict_strokes", samples.sample(8))
    assert name == "complete"
    picture = ink.from_strokes(samples.sample(8))[None]
    assert list(answers) == list(checkpoint.VARIANTS)
    for variant, answer in answers.items():
        (expected,) = classifiers[variant].answer(picture)
        assert list(answer) == ["digit", "probabilities", "is_digit", "reason"]
        assert answer["digit"] == 8
        assert answer["probabilities"] == pytest.approx(expected.probabilities, abs=1e-5)


def test_predict_reads_an_uploaded_image(api: Api, encoded: Encoder) -> None:
    for format in ink.FORMATS:
        raw = encoded(255 - mnist.load().test.images[0].numpy(), format)
        name, (answers,) = api.call("predict", api.upload(raw))
        assert name == "complete"
        assert {answer["digit"] for answer in answers.values()} == {7}


def test_gradios_own_client(address: str, tmp_path: Path, encoded: Encoder) -> None:
    from gradio_client import Client, handle_file

    file = tmp_path / "seven.png"
    file.write_bytes(encoded(mnist.load().test.images[0].numpy()))
    client = Client(address, verbose=False)
    assert client.predict(handle_file(file), api_name="/predict")["plain"]["digit"] == 7
    answers = client.predict(samples.sample(5), api_name="/predict_strokes")
    assert answers["residual"]["digit"] == 5


def test_blank_has_a_reason(api: Api, encoded: Encoder) -> None:
    blank = {"digit": None, "probabilities": None, "is_digit": 0.0, "reason": "blank"}
    white = api.upload(encoded(np.full((50, 50), 255, np.uint8)))
    for name, (answers,) in (api.call("predict_strokes", []), api.call("predict", white)):
        assert name == "complete"
        assert answers == dict.fromkeys(checkpoint.VARIANTS, blank)


def test_only_the_two_endpoints_are_public(api: Api) -> None:
    assert sorted(api.http.get("gradio_api/info").json()["named_endpoints"]) == [
        "/predict",
        "/predict_strokes",
    ]


def refused(event: tuple[str, Any]) -> str:
    """The sentence of a refusal ("" where Gradio itself refuses, which says nothing)."""
    name, payload = event
    assert name == "error"
    sentence = payload["error"] or ""
    assert "Traceback" not in sentence
    assert "/" not in sentence
    return str(sentence)


@pytest.mark.parametrize(
    "strokes", [None, 7, "x", {"a": 1}, [[1, 2]], [[["1", "2"]]], [[[1, 2, 3]]], [[[1, None]]]]
)
def test_what_are_no_strokes_is_one_sentence(api: Api, strokes: Any) -> None:
    assert refused(api.call("predict_strokes", strokes)).endswith(".")
    assert api.call("predict_strokes", samples.sample(1))[0] == "complete"


def test_a_bad_file_is_one_sentence(api: Api, encoded: Encoder) -> None:
    whole = encoded(np.eye(40, dtype=np.uint8) * 255)
    for raw in (b"no image", b"", whole[:60], encoded(np.zeros((2100, 2100), np.uint8))):
        assert refused(api.call("predict", api.upload(raw))).endswith(".")
    assert api.call("predict", api.upload(whole))[0] == "complete"


def test_no_path_and_no_address_is_opened(api: Api, tmp_path: Path, encoded: Encoder) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(encoded(mnist.load().test.images[0].numpy()))
    inside = api.upload(outside.read_bytes())["path"]
    climbing = str(Path(inside).parent) + "/.." * 12 + str(outside)
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.5)
        url = f"http://127.0.0.1:{canary.getsockname()[1]}/digit.png"
        for path in (str(outside), climbing, f"file://{outside}", url, "/etc/hostname", ""):
            for more in ({}, UPLOADED, {**UPLOADED, "is_stream": True}, {**UPLOADED, "url": url}):
                refused(api.call("predict", {"path": path, **more}))
                refused(api.call("predict_strokes", {"path": path, **more}))
        # An address would be fetched by Gradio: here it does not get that far.
        sentence = refused(api.call("predict", {"path": url, **UPLOADED}))
        assert sentence == "The image was not uploaded to this server."
        for route in ("file=", "proxy="):
            assert api.http.get(f"gradio_api/{route}{url}").status_code == 403
        with pytest.raises(TimeoutError):
            canary.accept()
    assert api.http.get(f"gradio_api/file={outside}").status_code == 404


def test_the_upload_itself_opens_only_what_was_uploaded(api: Api, tmp_path: Path) -> None:
    """Gradio checks paths too; this is what holds should it cease to."""
    from ui import endpoints

    inside = Path(api.upload(b"content")["path"])
    assert endpoints.uploaded(inside).read_bytes() == b"content"
    outside = tmp_path / "outside.png"
    outside.touch()
    link = inside.parent / "link"
    link.symlink_to(outside)
    for path in (outside, link, inside.parent, "", "a\0b", "x" * 5000):
        with pytest.raises(gr.Error, match="not uploaded"):
            endpoints.uploaded(path)
    link.unlink()


# --- the pad's server functions ------------------------------------------------------------------


def read(api: Api, **drawing: Any) -> dict[str, Any]:
    return dict(api.server_function("read", drawing).json())


def test_the_pad_gets_answers_and_the_picture(api: Api) -> None:
    reply = read(api, strokes=samples.sample(3))
    assert list(reply) == ["answers", "picture"]
    assert reply["answers"]["plain"]["digit"] == 3
    levels = np.frombuffer(base64.b64decode(reply["picture"]), np.uint8)
    expected = ink.from_strokes(samples.sample(3)).numpy().ravel()
    assert levels / 255 == pytest.approx(expected, abs=0.5 / 255 + 1e-6)


def test_the_pad_reads_an_image_as_the_endpoint_does(api: Api, encoded: Encoder) -> None:
    raw = encoded(255 - mnist.load().test.images[0].numpy())
    reply = read(api, image=base64.b64encode(raw).decode())
    assert reply["answers"] == api.call("predict", api.upload(raw))[1][0]


def test_the_lab_gets_the_pictures_of_all_steps(api: Api) -> None:
    strokes = samples.sample(3)
    reply = read(api, strokes=strokes, lab={"on": list(lab.STEPS), "pen": lab.PEN})
    usual = read(api, strokes=strokes)
    assert len(reply["steps"]) == 1 + len(lab.STEPS)
    assert reply["steps"][-1] == reply["picture"] == usual["picture"]
    assert reply["answers"] == usual["answers"]
    assert "steps" not in usual


@pytest.mark.parametrize("index", [0, 9999])
def test_a_test_digit_is_read_in_its_own_pixels(
    api: Api, classifiers: dict[str, Classifier], index: int
) -> None:
    reply = read(api, digit=index)
    assert reply["label"] == int(mnist.load().test.labels[index])
    picture = ink.frame(mnist.load().test.images[index][None])
    assert base64.b64decode(reply["picture"]) == ink.grey_levels(picture[0])
    for variant, answer in reply["answers"].items():
        (expected,) = classifiers[variant].answer(picture)
        assert answer["probabilities"] == pytest.approx(expected.probabilities, abs=1e-5)


@pytest.mark.parametrize(
    "drawing",
    [
        None,
        [[[1, 2]]],
        {},
        {"strokes": "nonsense"},
        {"strokes": [[[1, "a"]]]},
        {"strokes": [[[1, 2]]], "lab": None},
        {"strokes": [[[1, 2]]], "lab": {"on": [], "pen": 1e99}},
        {"strokes": [[[1, 2]]], "lab": {"on": ["blur"], "pen": 52}},
        {"image": 7},
        {"image": "not base64!"},
        {"image": "bm8gaW1hZ2U="},
        {"image": 7, "lab": {"on": []}},
        {"image": "bm8gaW1hZ2U=", "lab": {"on": {}}},
        {"digit": None},
        {"digit": -1},
        {"digit": 10_000},
        {"digit": 7.0},
        {"digit": True},
        {"digit": "7"},
        {"digit": [7]},
        {"strokes": [[[1, 2]]], "board": {"units": [], "lens": "maps"}},
    ],
)
def test_nonsense_from_a_browser_is_one_sentence(api: Api, drawing: Any) -> None:
    reply = api.server_function("read", drawing)
    assert reply.status_code == 200
    assert list(reply.json()) == ["error"]
    assert reply.json()["error"].endswith(".")


# --- the process -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_answers_and_stops_when_asked(
    tmp_path: Path, free_port: int, number: signal.Signals
) -> None:
    """With one checkpoint damaged: the other net is served, and one line says what is wrong."""
    shutil.copy(checkpoint.path_of("plain"), tmp_path)
    (tmp_path / "residual.safetensors").write_bytes(b"damaged")
    with app("--port", str(free_port), "--checkpoints", tmp_path) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert f"http://127.0.0.1:{free_port}" in line
        api = Api(f"http://127.0.0.1:{free_port}")
        _, (answers,) = api.call("predict_strokes", samples.sample(2))
        assert {variant: answer["digit"] for variant, answer in answers.items()} == {"plain": 2}
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert err.count("\n") == 1
        assert "residual.safetensors: cut, damaged" in err


def test_without_any_checkpoint_it_says_so_and_ends(tmp_path: Path) -> None:
    with app("--checkpoints", tmp_path) as process:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 2
        assert out == ""
        for variant, line in zip(checkpoint.VARIANTS, err.splitlines(), strict=True):
            assert f"{variant}.safetensors: not found; restore it" in line


def test_a_taken_port_is_one_sentence(address: str) -> None:
    port = address.rstrip("/").rpartition(":")[2]
    with app("--port", port) as process:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 2
        assert f"127.0.0.1, port {port}: the port is in use" in err
        assert err.count("\n") == 1
        assert "GRADIO" not in err


def test_a_page_that_comes_late_is_waited_for(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio asks for it with a patience of three seconds, and gives up."""
    monkeypatch.setattr("gradio.networking.url_ok", lambda url: False)
    with gr.Blocks() as page:
        gr.HTML("late")
    address = launch(page, "127.0.0.1", free_port)
    assert httpx.get(address, trust_env=False).status_code == 200
    page.close()


def test_a_host_that_gradio_cannot_serve_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        get_args_parser().parse_args(["--host", "::1"])
    assert "::1 is an IPv6 address" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("port", ["0", "65536", "-1", "x"])
def test_a_port_that_there_is_none_of_is_one_sentence(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        get_args_parser().parse_args(["--port", port])
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"there is no port {port}" in last or "invalid port value: 'x'" in last


def test_the_start_loads_nothing_that_takes_long() -> None:
    code = """
import sys, app
slow = {"torchvision", "matplotlib", "torch._dynamo", "scipy.stats"}
app.launch = lambda *_: sys.exit(" ".join(slow & sys.modules.keys()))
app.main(app.get_args_parser().parse_args([]))
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.stderr == "\n"
