"""The files that the page's worker loads, served by the app or written to a folder."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from resnet import checkpoint, export, mnist, nearest
from resnet.classifier import Classifier
from tests.conftest import UNCALIBRATED, lively_net
from ui.part import FOLDER
from ui.reading import Reader
from ui.worker_files import LIST, WorkerFiles


@pytest.fixture
def http(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as http:
        yield http


def test_the_list_names_what_python_exports(
    http: httpx.Client, classifiers: dict[str, Classifier]
) -> None:
    reply = http.get(LIST)
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.json() == {
        "nets": [export.weights_of(net).name for net in classifiers.values()],
        "readbacks": {
            variant: export.readback_of(variant, checkpoint.FOLDER, net).name
            for variant, net in classifiers.items()
        },
        "digits": export.digits_of(mnist.load().test).name,
        "nearest": {
            variant: export.nearest_of(variant, checkpoint.FOLDER, net).name
            for variant, net in classifiers.items()
        },
        "nearestDigits": export.nearest_digits_of(
            nearest.pictures([net.nearest for net in classifiers.values() if net.nearest])
        ).name,
    }


@pytest.mark.parametrize("encoding", ["gzip, br", "identity"])
def test_a_file_is_whole_and_may_be_kept_for_good(
    http: httpx.Client, classifiers: dict[str, Classifier], encoding: str
) -> None:
    for net in classifiers.values():
        file = export.weights_of(net)
        reply = http.get(f"nets/{file.name}", headers={"Accept-Encoding": encoding})
        assert reply.content == file.raw
        assert "immutable" in reply.headers["cache-control"]
        is_packed = reply.headers.get("content-encoding") == "gzip"
        assert is_packed == (encoding != "identity")
        assert (int(reply.headers["content-length"]) < len(file.raw)) == is_packed


@pytest.mark.parametrize("name", ["residual.0123.safetensors", "..%2flist.json", "", "x/list.json"])
def test_a_file_that_is_not_here_is_refused(http: httpx.Client, name: str) -> None:
    reply = http.get(f"nets/{name}")
    assert reply.status_code == 404
    if name.startswith("residual"):
        assert reply.text == f"{name} is not here."


def test_the_workers_programs_are_served(http: httpx.Client) -> None:
    for path in [*FOLDER.glob("worker/*.js"), FOLDER / "vendor" / "tfjs.js"]:
        reply = http.get(f"ui/{path.relative_to(FOLDER)}")
        assert reply.content == path.read_bytes(), path.name
        assert reply.headers["content-type"].startswith("text/javascript")
    program = http.get("ui/vendor/tfjs.wasm")
    assert program.headers["content-type"] == "application/wasm"
    assert program.content == (FOLDER / "vendor" / "tfjs.wasm").read_bytes()


def test_a_plain_host_gets_them_compressed_by_name(
    classifiers: dict[str, Classifier], tmp_path: Path
) -> None:
    WorkerFiles(Reader(classifiers, mnist.FOLDER), checkpoint.FOLDER).write(tmp_path)
    listed = json.loads((tmp_path / "list.json").read_text())
    named = [*listed["nets"], *listed["readbacks"].values(), listed["digits"]]
    named += [*listed["nearest"].values(), listed["nearestDigits"]]
    assert {path.name for path in tmp_path.iterdir()} == {*named, "list.json"}
    for name in named:
        stem, suffix = name.split(".")[0], ".gz"
        raw = gzip.decompress((tmp_path / name).read_bytes())
        assert export.File.named(stem, raw).name + suffix == name


def test_what_is_missing_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classifier = Classifier(lively_net("plain"), {**UNCALIBRATED, "variant": "plain"})
    listed = WorkerFiles(Reader({"plain": classifier}, tmp_path), tmp_path).listed()
    assert listed["readbacks"] == {}
    assert listed["digits"] is None
    assert listed["nearest"] == {}
    assert listed["nearestDigits"] is None
    assert len(listed["nets"]) == 1
    assert "Nothing was fitted" in capsys.readouterr().err
