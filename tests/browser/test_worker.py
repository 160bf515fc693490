"""The page's worker in a real browser, on a plain host that hands out files and nothing else."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from bench import parity
from bench.look import hosted
from bench.parity import Difference, Question, board
from resnet import checkpoint, export, lenses, mnist
from resnet.classifier import Classifier
from resnet.surgery import INTACT, without
from tests.server import ROOT
from ui.reading import Reader

# Asks a new worker to start, and then all at once or one after the other; gives what it says.
ASK = """
async ([files, questions, atOnce]) => {
  const worker = new Worker("ui/worker/worker.js", { type: "module" });
  const said = [];
  const next = () => new Promise((resolve) => {
    worker.onmessage = ({ data }) => { said.push(data); resolve(data); };
  });
  worker.postMessage({ start: files });
  if ((await next()).failed) return said;
  for (const [id, question] of questions.entries()) {
    worker.postMessage({ id, question });
    if (!atOnce) await next();
  }
  while (atOnce && said.length <= questions.length) await next();
  worker.terminate();
  return said.slice(1);
}
"""


@dataclass(frozen=True)
class Host:
    address: str
    folder: Path
    files: dict[str, Any]  # what a worker is started with


@pytest.fixture(scope="module")
def exported(classifiers: dict[str, Classifier]) -> dict[str, Classifier]:
    return {variant: export.as_exported(one) for variant, one in classifiers.items()}


@pytest.fixture(scope="module")
def host(
    classifiers: dict[str, Classifier], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("host")
    (folder / "index.html").write_text("<!doctype html><title>A plain page</title>")
    (folder / "ui").symlink_to(ROOT / "ui")
    nets = [export.weights_of(one).write(folder).name for one in classifiers.values()]
    readbacks = {
        variant: export.readback_of(variant, checkpoint.FOLDER, one).write(folder).name
        for variant, one in classifiers.items()
    }
    near = {
        variant: export.nearest_of(variant, checkpoint.FOLDER, one).write(folder).name
        for variant, one in classifiers.items()
    }
    pictures = Reader(classifiers, mnist.FOLDER).nearest_digits()
    digits = export.digits_of(mnist.load().test)
    # As a plain host may have it, which says nothing of what is compressed.
    packed = folder / f"{digits.name}.gz"
    packed.write_bytes(gzip.compress(digits.raw, 1))
    with hosted(folder) as address:
        files = {
            "program": f"{address}ui/vendor/tfjs.wasm",
            "nets": [address + name for name in nets],
            "readbacks": {variant: address + name for variant, name in readbacks.items()},
            "digits": address + packed.name,
            "nearest": {variant: address + name for variant, name in near.items()},
            "nearestDigits": address + export.nearest_digits_of(pictures).write(folder).name,
        }
        yield Host(address, folder, files)


@pytest.fixture
def plain_page(browser: Browser, host: Host) -> Iterator[Page]:
    page = browser.new_page()
    outside: list[str] = []
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((host.address, "blob:")) else outside.append(request.url)
        ),
    )
    page.goto(host.address)
    yield page
    page.close()
    assert outside == []


def ask(
    page: Page, files: dict[str, Any], questions: list[Question], at_once: bool = False
) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = page.evaluate(ASK, [files, questions, at_once])
    return said


def test_it_reads_as_the_server_does(
    plain_page: Page, host: Host, exported: dict[str, Classifier]
) -> None:
    strokes = parity.drawings_of(8, seed=3)
    grey, _, coloured = parity.images_of(strokes[:3], np.random.default_rng(0))
    questions: list[Question] = [
        {"strokes": strokes[0]},
        *({"strokes": strokes[1], "board": board(INTACT, lens)} for lens in lenses.LENSES),
        {"strokes": strokes[2], "board": board(without([2, 3]), "why")},
        {"strokes": strokes[2], "lab": {"on": ["crop", "line"], "pen": 100}},
        grey,
        {**coloured, "lab": {"on": ["crop", "box"], "pen": 52}},
        {"digit": 247, "board": board(INTACT)},
        {"digit": 10_000},
        {"strokes": "none"},
        {"strokes": []},
    ]
    reader = Reader(exported, mnist.FOLDER)
    found = Difference()
    for question, said in zip(questions, ask(plain_page, host.files, questions), strict=True):
        ours = json.loads(json.dumps(parity.reply_of(reader, question)))
        found.take(said["reply"], ours, str(said["id"]))
    assert found.others == []
    assert found.level <= 1
    assert found.number < 2e-3


def test_the_newest_question_goes_next(plain_page: Page, host: Host) -> None:
    questions = [{"strokes": strokes} for strokes in parity.drawings_of(30, seed=0)]
    said = {one["id"]: one["reply"] for one in ask(plain_page, host.files, questions, True)}
    assert said.keys() == set(range(30))
    read = [number for number, reply in said.items() if reply is not None]
    assert read[-1] == 29
    assert len(read) < 30


def test_a_damaged_file_is_named_and_none_is_read(plain_page: Page, host: Host) -> None:
    net = Path(host.files["nets"][1]).name
    damaged = host.folder / "damaged" / net
    damaged.parent.mkdir()
    damaged.write_bytes((host.folder / net).read_bytes()[:-1])
    nets = [host.files["nets"][0], f"{host.address}damaged/{net}"]
    (said,) = ask(plain_page, {**host.files, "nets": nets}, [{"strokes": []}])
    assert said == {"failed": f"{net} is cut, damaged or another one."}
    nets[1] = f"{host.address}no/{net}"
    (said,) = ask(plain_page, {**host.files, "nets": nets}, [{"strokes": []}])
    assert said == {"failed": f"{net} is not there."}


def test_a_program_that_the_browser_cannot_run_is_told_of(plain_page: Page, host: Host) -> None:
    (host.folder / "old.wasm").write_bytes(b"\0asm\1\0\0\0\1")
    files = {**host.files, "program": f"{host.address}old.wasm"}
    (said,) = ask(plain_page, files, [{"strokes": []}])
    assert said == {"failed": "This browser cannot run the nets."}


def test_without_what_they_need_lenses_are_closed(plain_page: Page, host: Host) -> None:
    of_lenses = ("left", "knew", "near", "maps")
    questions = [{"strokes": [], "board": board(INTACT, lens)} for lens in of_lenses]
    files = {**host.files, "readbacks": {}, "nearest": {}}
    (*closed, maps) = ask(plain_page, files, questions)
    for said in closed:
        assert said["reply"]["closed"] == "Nothing was fitted to this net."
        assert said["reply"]["board"] == {}
    assert maps["reply"]["board"].keys() == set(checkpoint.VARIANTS)


def test_without_their_pictures_the_nearest_are_not_named(plain_page: Page, host: Host) -> None:
    question = {"strokes": [], "board": board(INTACT, "near")}
    (said,) = ask(plain_page, {**host.files, "nearestDigits": None}, [question])
    missing = "The training digits cannot be shown: MNIST is missing or damaged."
    assert said["reply"]["closed"] == missing
    assert said["reply"]["board"] == {}
    assert "digits" not in said["reply"]
