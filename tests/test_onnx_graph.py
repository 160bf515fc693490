"""The nets as ONNX graphs."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from resnet import checkpoint, onnx_graph
from resnet.__main__ import main
from resnet.model import ResNet18
from resnet.onnx_graph import MAPS, OnnxError, graph_of, inputs_of, random_settings
from resnet.surgery import INTACT, UNITS, Unit, trace, without
from tests.conftest import UNCALIBRATED, lively_net, random_pictures

Run = Callable[..., list[np.ndarray]]
ABOUT: checkpoint.About = {**UNCALIBRATED, "weights_sha256": "0" * 64}


@pytest.fixture(scope="module", params=checkpoint.VARIANTS)
def net(request: pytest.FixtureRequest) -> ResNet18:
    return lively_net(request.param)


@pytest.fixture(scope="module")
def graph(net: ResNet18) -> onnx.ModelProto:
    variant = "residual" if net.use_residual else "plain"
    return graph_of(net, {**ABOUT, "variant": variant})


def session_of(graph: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # or it warns of every input that has a default
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph.SerializeToString(), options)


@pytest.fixture(scope="module")
def run(graph: onnx.ModelProto) -> Run:
    session = session_of(graph)
    pictures = random_pictures().numpy()
    return lambda **inputs: session.run(["logits", *MAPS], {"pictures": pictures, **inputs})


def close(found: list[np.ndarray], net: ResNet18, settings: tuple[Unit, ...]) -> None:
    with torch.inference_mode():
        seen = trace(net, random_pictures(), settings)
    for ours, theirs in zip(found, [seen.logits, *seen.maps], strict=True):
        torch.testing.assert_close(torch.from_numpy(ours), theirs, rtol=1e-4, atol=1e-4)


def test_whole_it_is_the_net(run: Run, net: ResNet18) -> None:
    close(run(), net, INTACT)


def test_with_parts_taken_out_and_dials_turned_it_is_that_net(run: Run, net: ResNet18) -> None:
    singles = [without([number]) for number in range(1, UNITS + 1)]
    for settings in [*singles, *random_settings(12, seed=1)]:
        close(run(**inputs_of(net, settings)), net, settings)


def test_it_takes_any_number_of_pictures_and_names_what_it_knows(
    graph: onnx.ModelProto, net: ResNet18
) -> None:
    session = session_of(graph)
    for count in (1, 5):
        pictures = np.zeros((count, 1, 32, 32), np.float32)
        assert session.run(["logits"], {"pictures": pictures})[0].shape == (count, 10)
    told = {one.key: json.loads(one.value) for one in graph.metadata_props}
    assert told["weights_sha256"] == ABOUT["weights_sha256"]
    assert told["calibration"] == ABOUT["calibration"]
    assert [one.name for one in graph.graph.input] == ["pictures", "dials", "shortcuts"]


def test_a_graph_that_says_something_else_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_graph, "can_be_out", lambda unit: False)  # all shortcuts forgotten
    with pytest.raises(OnnxError, match=r"residual\.onnx: not written, since the logits differ"):
        onnx_graph.write(tmp_path, lively_net("residual"), {**ABOUT, "variant": "residual"})
    assert [*tmp_path.iterdir()] == []


def test_what_is_missing_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "resnet.onnx_graph")
    monkeypatch.delattr("resnet.onnx_graph")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert main(["export", "anywhere"]) == 1
    assert capsys.readouterr().err == (
        "There is no onnxruntime here: pip install onnx onnxruntime\n"
    )
