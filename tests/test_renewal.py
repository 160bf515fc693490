"""Checkpoints that are replaced while the page is served: one switch, and never half of a pair."""

import functools
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import app
from resnet import checkpoint, samples
from resnet.checkpoint import VARIANTS
from resnet.classifier import Classifier
from tests.conftest import UNCALIBRATED, find_free_port, lively_net
from tests.server import Api
from ui.deeper import DeeperNets
from ui.renewal import Renewal
from ui.worker_files import LIST


@dataclass(frozen=True)
class Served:
    api: Api
    folder: Path
    pairs: list[Path]
    renewal: Renewal

    def put(self, number: int, *variants: str) -> None:
        """Files of a pair in place of those that are served, as checkpoint.write does it."""
        for variant in variants or VARIANTS:
            draft = self.folder / "draft"
            shutil.copyfile(checkpoint.path_of(variant, self.pairs[number]), draft)
            draft.replace(checkpoint.path_of(variant, self.folder))

    def one_and_other(self) -> tuple[int, int]:
        """The numbers of the pair that is served, and of the other one."""
        now = [expected(pair) for pair in self.pairs].index(self.hashes())
        return now, 1 - now

    def hashes(self) -> dict[str, str]:
        return dict(self.api.http.get("health").json()["nets"])

    def answers(self) -> dict[str, Any]:
        reply = self.api.server_function("read", {"strokes": samples.sample(3)})
        return dict(reply.json()["answers"])


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folders = [tmp_path_factory.mktemp(f"pair{seed}") for seed in range(2)]
    for seed, folder in enumerate(folders):
        for variant in VARIANTS:
            about = {**UNCALIBRATED, "test": {"right": 9000 + seed, "total": 10_000}}
            checkpoint.save(checkpoint.path_of(variant, folder), lively_net(variant, seed), about)
    return folders


@pytest.fixture(scope="module")
def served(pairs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for variant in VARIANTS:
        shutil.copy(checkpoint.path_of(variant, pairs[0]), folder)
    nets = {variant: Classifier.load(variant, folder) for variant in VARIANTS}
    build = functools.partial(app.build, checkpoints=folder, deeper=DeeperNets(folder / "none"))
    page = build(nets)
    api = Api(app.launch(page, "127.0.0.1", find_free_port()))
    yield Served(api, folder, pairs, Renewal(page, nets, folder, build))
    api.http.close()
    page.close()


def expected(pair: Path) -> dict[str, str]:
    return {
        v: checkpoint.load(checkpoint.path_of(v, pair), v)[1]["weights_sha256"] for v in VARIANTS
    }


def test_a_new_pair_is_served_everywhere(served: Served) -> None:
    before = served.answers(), served.api.http.get(LIST).json()["nets"]
    assert served.one_and_other() == (0, 1)
    served.put(1)
    assert served.renewal.look()
    assert not served.renewal.look()
    assert served.one_and_other() == (1, 0)
    after = served.answers()
    assert after != before[0]
    _, (answers,) = served.api.call("predict_strokes", samples.sample(3))
    assert answers == after
    names = served.api.http.get(LIST).json()["nets"]  # what a browser reads with
    assert {*names}.isdisjoint(before[1])
    for name in names:
        assert served.api.http.get(f"nets/{name}").status_code == 200
    for path, title in (("", "of MNIST"), ("zh.html", "MNIST")):
        page = served.api.http.get(path).text  # with the new nets' figures
        assert title in page
        assert "90.01 %" in page
        assert "90.00 %" not in page


def test_a_page_that_was_open_goes_on(served: Served) -> None:
    """By the numbers of its parts, as it got them with the old pair."""
    parts = served.api.http.get("config", params={"page": "zh.html"}).json()["components"]
    number = next(one["id"] for one in parts if one["props"].get("elem_id") == "pad")
    body = {"component_id": number, "fn_name": "read", "data": {"strokes": 7}, "session_hash": "x"}
    served.put(served.one_and_other()[1])
    assert served.renewal.look()
    reply = served.api.http.post("gradio_api/component_server/", json=body).json()
    assert "。" in reply["error"]  # still in its language


def test_half_of_a_new_pair_is_not_served(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    variant, other = VARIANTS
    before = served.answers()
    old, new = served.one_and_other()
    served.put(new, variant)
    assert not served.renewal.look()
    assert f"Of the new pair, {other} is still the old one." in capsys.readouterr().err
    assert not served.renewal.look()
    assert capsys.readouterr().err == ""  # said once
    assert served.one_and_other() == (old, new)
    assert served.answers() == before
    served.put(new, other)
    assert served.renewal.look()
    assert served.one_and_other() == (new, old)


def test_a_damaged_pair_leaves_the_old_one_serving(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    before = served.answers()
    _, new = served.one_and_other()
    served.put(new)
    path = checkpoint.path_of("plain", served.folder)
    path.write_bytes(path.read_bytes()[:-1])
    assert not served.renewal.look()
    said = capsys.readouterr().err
    assert "plain.safetensors: cut, damaged" in said
    assert "The nets that were loaded go on." in said
    path.unlink()
    assert not served.renewal.look()
    assert "plain.safetensors: not found" in capsys.readouterr().err
    assert served.answers() == before
    served.put(new)
    assert served.renewal.look()
    assert served.answers() != before


def test_no_answer_under_way_is_lost_or_mixed(served: Served) -> None:
    known, said, is_over = [], [], threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            said.append(json.dumps(served.answers()))

    old, new = served.one_and_other()
    known.append(json.dumps(served.answers()))
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in (new, old):
        served.put(number)
        assert served.renewal.look()
        known.append(json.dumps(served.answers()))
    is_over.set()
    for thread in threads:
        thread.join()
    assert {*said} == {*known}
