"""The nets as files for the visitor's browser, where a worker reads drawings with them.

A net is what its Classifier has made of the checkpoint: batch norms folded, live taps only. Its
kernels travel as whole numbers of one byte times a scale for each output channel: 4.2 MB instead
of 22. That changes a few answers in ten thousand, of drawings at the edge of being refused;
float16 would change none, and take twice the bytes. The read-back and the nearest digits' codes
travel as the files that they are, apart from the net: answers do not wait for them.

With the weights go the numbers that the worker's code must share with this package: they stand in
one place, and no worker can read with others than its net was trained with.

A file's name holds the sha256 of its bytes. So a browser may keep it for good, sees whether what
came is whole, and is never given a stale one; and files of one checkpoint are the same files,
whenever they are made.
"""

import copy
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import safetensors.torch
import torch
from torch import Tensor, nn

from resnet import ink, lab, lenses, narrow, nearest, readback, several, surgery
from resnet.checkpoint import CheckpointError
from resnet.classifier import Classifier, OnePixelConv2d, flattened
from resnet.mnist import Split

FORMAT = 1  # the worker refuses files of any other
LEVELS = 127  # of int8

Convolution = nn.Conv2d | OnePixelConv2d


@dataclass(frozen=True)
class File:
    """A file that a browser loads."""

    name: str  # holds the sha256 of its bytes
    raw: bytes

    @classmethod
    def named(cls, stem: str, raw: bytes) -> "File":
        return cls(f"{stem}.{hashlib.sha256(raw).hexdigest()}.safetensors", raw)

    def write(self, folder: Path) -> Path:
        """Writes it, unless it is there; nobody ever finds half of it under its name."""
        path = folder / self.name
        if not is_whole(path):
            folder.mkdir(parents=True, exist_ok=True)
            draft = folder / f".{uuid4().hex}.tmp"  # another process may write the same
            try:
                with draft.open("wb") as file:
                    file.write(self.raw)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        return path


def is_whole(path: Path) -> bool:
    """Whether the bytes are those that the name of a File promises."""
    try:
        return File.named(path.name.split(".")[0], path.read_bytes()).name == path.name
    except OSError:
        return False


def weights_of(classifier: Classifier) -> File:
    """The net, its calibration, and how drawings are prepared for it."""
    variant, depth = classifier.about["variant"], narrow.depth_of(classifier.body)
    tensors: dict[str, Tensor] = {}
    shapes: dict[str, dict[str, int]] = {}
    for name, conv in convolutions(classifier):
        kernel, scale = levels_of(kernel_of(conv))
        bias = conv.bias
        assert bias is not None  # the batch norm's, folded
        (stride, _), padding = conv.stride, 0
        if isinstance(conv, nn.Conv2d):
            assert not isinstance(conv.padding, str)
            padding = conv.padding[0]
        shapes[name] = {"stride": stride, "padding": padding}
        tensors |= {f"{name}.kernel": kernel, f"{name}.scale": scale, f"{name}.bias": bias}
    # Onto the last map, of one pixel, the head is a convolution as well; it is small, and stays
    # exact.
    head = classifier.body.fc
    shapes["fc"] = {"stride": 1, "padding": 0}
    tensors |= {"fc.kernel": head.weight.T[None, None], "fc.bias": head.bias}
    about = {
        "format": FORMAT,
        "variant": variant,
        "depth": depth,
        "weights_sha256": classifier.about.get("weights_sha256"),
        "calibration": asdict(classifier.calibration),
        "convolutions": shapes,
        "rules": rules(),
    }
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # One entry: of several, each run would store them in another order.
    raw = safetensors.torch.save(stored, {"about": json.dumps(about)})
    return File.named(f"{variant}-{depth}" if "depth" in classifier.about else variant, raw)


def readback_of(variant: str, folder: Path, classifier: Classifier) -> File:
    """The file beside a checkpoint. Raises CheckpointError where it is not sound."""
    if classifier.readback is None:
        raise CheckpointError(classifier.missing["readback"])
    return File.named(f"{variant}-readback", readback.path_of(variant, folder).read_bytes())


def nearest_of(variant: str, folder: Path, classifier: Classifier) -> File:
    """The file beside a checkpoint. Raises CheckpointError where it is not sound."""
    if classifier.nearest is None:
        raise CheckpointError(classifier.missing["nearest"])
    return File.named(f"{variant}-nearest", nearest.path_of(variant, folder).read_bytes())


def nearest_digits_of(pictures: Mapping[int, Tensor]) -> File:
    """The digits that may be the nearest, (28, 28) each, by their index in MNIST's training file:
    the same for all nets."""
    tensors = {
        "indices": torch.tensor([*pictures], dtype=torch.int32),
        "images": torch.stack([*pictures.values()]),
    }
    return File.named("nearest-digits", safetensors.torch.save(tensors))


def digits_of(test: Split) -> File:
    """Test digits, to be read as they are."""
    tensors = {"images": test.images, "labels": test.labels.to(torch.uint8)}
    return File.named("digits", safetensors.torch.save(tensors))


def rules() -> dict[str, Any]:
    """The numbers that Python and the worker share."""
    return {
        "ink": {
            "side": ink.SIDE,
            "box": ink.BOX,
            "mnistBox": ink.MNIST_BOX,
            "line": ink.LINE,
            "centre": ink.CENTRE,
            "room": ink.ROOM,
            "mean": ink.MEAN,
            "std": ink.STD,
            "maxPoints": ink.MAX_POINTS,
            "maxPixels": ink.MAX_PIXELS,
            "coarse": ink.COARSE,
            "minContrast": ink.MIN_CONTRAST,
        },
        "several": {
            "most": several.MOST,
            "strokes": several.STROKES,
            "shared": several.SHARED,
            "likely": several.LIKELY,
            "smallest": several.SMALLEST,
        },
        "lab": {
            "steps": lab.STEPS,
            "sheet": lab.SHEET,
            "thinnest": lab.THINNEST,
            "thickest": lab.THICKEST,
            "beyond": lab.BEYOND,
        },
        "board": {
            "units": surgery.UNITS,
            "places": readback.PLACES,
            "lenses": lenses.LENSES,
            "tiled": lenses.TILED,
            "nearest": nearest.SHOWN,
        },
    }


def in_one_byte(kernel: Tensor) -> Tensor:
    """(height, width, in, out) -> the same shape, as a browser gets it."""
    levels, scale = levels_of(kernel)
    return levels * scale


def as_exported(
    classifier: Classifier, rounded: Callable[[Tensor], Tensor] = in_one_byte
) -> Classifier:
    """The same with the weights that a browser gets: what the worker is measured against. Or with
    kernels that are rounded in another way."""
    exported = copy.copy(classifier)
    exported.body = copy.deepcopy(classifier.body)
    with torch.no_grad():
        for _, conv in convolutions(exported):
            kernel_of(conv).copy_(rounded(kernel_of(conv)))
    exported.net = flattened(exported.body)
    return exported


def convolutions(classifier: Classifier) -> Iterator[tuple[str, Convolution]]:
    for name, module in classifier.body.named_modules():
        if isinstance(module, Convolution):
            yield name, module


def kernel_of(conv: Convolution) -> Tensor:
    """A view of its weights as most runtimes but torch have them, (height, width, in, out)."""
    if isinstance(conv, nn.Conv2d):
        return conv.weight.permute(2, 3, 1, 0)
    assert conv.y.start == conv.x.start == 0  # no padding: the window begins where the map does
    return conv.weight.unflatten(1, (conv.y.stop, conv.x.stop, -1)).permute(1, 2, 3, 0)


def levels_of(kernel: Tensor) -> tuple[Tensor, Tensor]:
    """(height, width, in, out) -> int8 of the same shape, and the scale (out,) that goes with it:
    the largest weight of each output channel has LEVELS."""
    scale = kernel.abs().amax((0, 1, 2)).clamp(min=1e-12) / LEVELS
    return (kernel / scale).round().to(torch.int8), scale
