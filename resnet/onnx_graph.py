"""A net as an ONNX graph whose dials can be turned: all that the board does, in any runtime.

    unit(x) = relu(dial * f(x) + shortcut * s(x))

dial and shortcut are inputs, a number for each unit; f is the unit's branch, and s(x) the way round
it, x itself or its 1x1 convolution. The defaults are those of the whole net: 1 and 1 in the
residual one, 1 and 0 in the plain one. A dial of 0 and a shortcut of 1 take a unit out. A plain
unit that changes the shape has no way round, and its shortcut does nothing. Outputs are the logits
and what the stem and each unit made.

Written node by node, not by torch's exporter: that takes a page of code, keeps the names of the
units in the graph, and needs onnx only.
"""

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from resnet import ink, samples
from resnet.checkpoint import About
from resnet.classifier import fold_batch_norms
from resnet.model import ResBlock, ResNet
from resnet.surgery import DIAL, INTACT, UNITS, Settings, Unit, can_be_out, trace

OPSET, IR = 17, 8  # of 2022: runtimes since then read it
TOLERANCE = 1e-4  # by how much the logits may differ, relative to those above 1
SETTINGS = 12  # that are tried before a file is written
MAPS = ("stem", *(f"unit_{number}" for number in range(1, UNITS + 1)))


class OnnxError(Exception):
    """A graph that does not say what the net says."""


class Graph:
    """Nodes and weights, written in the order in which they run."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[TensorProto] = []

    def add(self, kind: str, inputs: Sequence[str], output: str, **how: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **how))
        return output

    def keep(self, name: str, values: np.ndarray | Tensor) -> str:
        array = values.detach().numpy() if isinstance(values, Tensor) else values
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def conv(self, conv: nn.Module | None, x: str, output: str) -> str:
        assert isinstance(conv, nn.Conv2d)
        assert not isinstance(conv.padding, str)
        assert conv.bias is not None  # the batch norm's, folded
        names = [
            self.keep(f"{output}.weight", conv.weight),
            self.keep(f"{output}.bias", conv.bias),
        ]
        how = {"strides": conv.stride, "pads": 2 * conv.padding}
        return self.add("Conv", [x, *names], output, **how)

    def unit(self, unit: ResBlock, x: str, place: int) -> str:
        name, at = MAPS[place + 1], self.keep(f"{MAPS[place + 1]}.place", np.array(place))
        y = self.conv(unit.conv1, x, f"{name}.conv1")
        y = self.add("Relu", [y], f"{name}.relu")
        y = self.conv(unit.conv2, y, f"{name}.conv2")
        dial = self.add("Gather", ["dials", at], f"{name}.dial")
        y = self.add("Mul", [y, dial], f"{name}.f")
        if can_be_out(unit):
            if unit.downsample is not None:
                x = self.conv(unit.downsample.get_submodule("0"), x, f"{name}.downsample")
            share = self.add("Gather", ["shortcuts", at], f"{name}.share")
            x = self.add("Mul", [x, share], f"{name}.shortcut")
            y = self.add("Add", [y, x], f"{name}.sum")
        return self.add("Relu", [y], name)


def graph_of(net: ResNet, about: About) -> onnx.ModelProto:
    """The graph of a net in eval mode on the CPU, with what its metadata tell of answering.

    Inputs: pictures (N, 1, 32, 32), ink in [0, 1]; dials (8,) and shortcuts (8,), both optional.
    Outputs: logits (N, 10), and of the stem and each unit the maps (N, channels, size, size).
    """
    net = copy.deepcopy(net)
    fold_batch_norms(net)
    graph = Graph()
    mean = graph.keep("mean", np.array(ink.MEAN, np.float32))
    std = graph.keep("std", np.array(ink.STD, np.float32))
    x = graph.add("Sub", ["pictures", mean], "pictures.centred")
    x = graph.add("Div", [x, std], "pictures.normalised")
    x = graph.conv(net.conv1, x, "stem.conv1")
    x = graph.add("Relu", [x], "stem.relu")
    pool = net.maxpool
    kernel, strides, pads = ([value] * 2 for value in (pool.kernel_size, pool.stride, pool.padding))
    x = graph.add("MaxPool", [x], MAPS[0], kernel_shape=kernel, strides=strides, pads=2 * pads)
    for place, unit in enumerate(net.units()):
        x = graph.unit(unit, x, place)
    x = graph.add("GlobalAveragePool", [x], "head.pooled")
    x = graph.add("Flatten", [x], "head.flat")
    weights = [graph.keep("fc.weight", net.fc.weight), graph.keep("fc.bias", net.fc.bias)]
    graph.add("Gemm", [x, *weights], "logits", transB=1)

    whole = inputs_of(net, INTACT)
    for name, values in whole.items():
        graph.keep(name, values)  # a weight of the name of an input is its default
    with torch.inference_mode():
        seen = trace(net, torch.zeros(1, 1, ink.SIDE, ink.SIDE))
    made = {"logits": seen.logits, **dict(zip(MAPS, seen.maps, strict=True))}
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            about["variant"],
            [declared("pictures", seen.pictures), *(described(*one) for one in whole.items())],
            [declared(name, tensor) for name, tensor in made.items()],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
    )
    told = (about["variant"], about["weights_sha256"], about["calibration"])
    names = ("variant", "weights_sha256", "calibration")
    helper.set_model_props(model, dict(zip(names, map(json.dumps, told), strict=True)))
    onnx.checker.check_model(model, full_check=True)
    return model


def declared(name: str, tensor: Tensor) -> onnx.ValueInfoProto:
    """Of as many pictures as come."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *tensor.shape[1:]])


def described(name: str, values: np.ndarray) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, values.shape)


def inputs_of(net: ResNet, settings: Settings) -> dict[str, np.ndarray]:
    """The dials and shortcuts, (8,) each, with which the graph is the net with these settings."""
    dials, shortcuts = np.ones((2, UNITS), np.float32)
    for place, (unit, how) in enumerate(zip(net.units(), settings, strict=True)):
        is_out = how.is_out and can_be_out(unit)
        dials[place] = 0 if is_out else how.dial
        shortcuts[place] = is_out or (unit.use_residual and how.has_shortcut)
    return {"dials": dials, "shortcuts": shortcuts}


# --- the file --------------------------------------------------------------------------------


def write(folder: Path, net: ResNet, about: About) -> tuple[Path, float]:
    """Write NET.onnx when onnxruntime reads it as torch reads the net; returns the path and by how
    much the two differ at most. Raises OnnxError."""
    raw = graph_of(net, about).SerializeToString()
    path = folder / f"{about['variant']}.onnx"
    difference = largest_difference(raw, net, random_settings(SETTINGS))
    if not difference <= TOLERANCE:
        raise OnnxError(f"{path}: not written, since the logits differ by {difference:.1g}")
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.tmp")  # nobody finds half a file under its name
    try:
        draft.write_bytes(raw)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path, difference


def random_settings(count: int, seed: int = 0) -> list[Settings]:
    """The whole net, and nets with units out, shortcuts cut and dials turned."""
    random = np.random.default_rng(seed)
    altered = [
        tuple(
            Unit(bool(random.random() < 0.2), bool(random.random() < 0.7), random.uniform(*DIAL))
            for _ in range(UNITS)
        )
        for _ in range(count - 1)
    ]
    return [INTACT, *altered]


@torch.inference_mode()
def largest_difference(raw: bytes, net: ResNet, asked: Sequence[Settings]) -> float:
    """Between the logits for the ten sample digits, relative to those above 1."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # or it warns of every input that has a default
    options.intra_op_num_threads = 1  # small work: threads would wait for each other
    session = onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    pictures = torch.stack([ink.from_strokes(samples.sample(digit)) for digit in range(10)])
    differences = []
    for settings in asked:
        inputs = {"pictures": pictures.numpy(), **inputs_of(net, settings)}
        found = torch.from_numpy(session.run(["logits"], inputs)[0])
        expected = trace(net, pictures, settings).logits
        differences.append(((found - expected).abs() / expected.abs().clamp(min=1)).max().item())
    return max(differences)
