"""Narrow nets of 18, 34 and 66 layers, with shortcuts and without: what depth does to reading.

They have 16 channels in the first stage where the shipped pair has 64, so that deep ones can be
trained in minutes and loaded by a browser; all else is as in that pair, from the pictures to the
recipe. `python -m resnet narrow` trains them.

A file holds only the taps that ever meet a pixel of a 32x32 picture, a third of the weights of 66
layers; the rest multiply padding, always, and are loaded as 0.
"""

from pathlib import Path

import torch
from torch import Tensor

from resnet import checkpoint, ink
from resnet.checkpoint import About, CheckpointError, Description
from resnet.model import SEEDING, LiveConv2d, ResNet, Window, map_sizes

FOLDER = checkpoint.FOLDER / "narrow"
WIDTH = 16  # channels in the first stage
DEPTHS = (18, 34, 66)  # layers

Net = tuple[str, int]  # variant, layers
NETS: list[Net] = [(variant, depth) for depth in DEPTHS for variant in checkpoint.VARIANTS]
REMEDY = "restore it (git checkout -- checkpoints) or train it (python -m resnet narrow)"


def path_of(variant: str, depth: int, folder: Path = FOLDER) -> Path:
    return folder / f"{variant}-{depth}.safetensors"


def build(variant: str, depth: int, has_norm: bool = True, width: int = WIDTH) -> ResNet:
    """A net of so many layers, 8 n + 2."""
    with SEEDING:  # it draws first weights
        return ResNet(
            use_residual=variant == "residual",
            units_per_stage=(depth - 2) // 8,  # of two layers, in four stages; stem and head
            width=width,
            has_norm=has_norm,
        )


def save(path: Path, net: ResNet, about: Description) -> About:
    """Write a net as checkpoint.save does, its live taps only.

    Returns the description as it is stored, without the list of mistakes: of a net that guesses it
    would take as much room as its weights.
    """
    tensors = checkpoint.halved(net)
    for name, (rows, columns) in live_taps(checkpoint.as_stored(net)).items():
        tensors[name] = tensors[name][:, :, rows, columns]
    kept = {key: value for key, value in about.items() if key != "mistakes"}
    return checkpoint.save(path, net, {**kept, "depth": depth_of(net), "box": ink.BOX}, tensors)


def load(variant: str, depth: int, folder: Path = FOLDER) -> tuple[ResNet, About]:
    """The net of a checkpoint, float32 in eval mode on the CPU, and what its metadata say.

    Raises CheckpointError as checkpoint.load does, and when the net was trained on digits of
    another size than drawings are given now.
    """
    tensors, about = read(variant, depth, folder)
    with checkpoint.NoFirstWeights():
        net = build(variant, depth)
    try:
        checkpoint.fill(net, whole(tensors, net), about, path_of(variant, depth, folder))
    except CheckpointError as error:
        raise CheckpointError(f"{error}; {REMEDY}") from error
    return net, about


def read(variant: str, depth: int, folder: Path = FOLDER) -> tuple[dict[str, Tensor], About]:
    """The tensors and metadata of a file, without building the net. Raises CheckpointError as load
    does."""
    path = path_of(variant, depth, folder)
    try:
        tensors, stored = checkpoint.read(path)
        about = checkpoint.needed(stored, path)
        if (about["variant"], about.get("depth")) != (variant, depth):
            raise CheckpointError(f"{path}: not the {variant} net of {depth} layers")
        if about.get("box") != ink.BOX:
            raise CheckpointError(f"{path}: trained on digits that do not fill {ink.BOX} pixels")
    except CheckpointError as error:
        raise CheckpointError(f"{error}; {REMEDY}") from error
    return tensors, about


def depth_of(net: ResNet) -> int:
    return 2 * len(net.units()) + 2


def whole(tensors: dict[str, Tensor], net: ResNet) -> dict[str, Tensor]:
    """The tensors of a file with the kernels as large as the net's, 0 at the dead taps."""
    filled = dict(tensors)
    shapes = {name: tensor.shape for name, tensor in net.state_dict().items()}
    for name, (rows, columns) in live_taps(net.eval()).items():
        kernel = torch.zeros(shapes[name])
        live = kernel[:, :, rows, columns]
        if name in tensors and tensors[name].shape == live.shape:  # or load_state_dict says so
            live.copy_(tensors[name])
            filled[name] = kernel
    return filled


def live_taps(net: ResNet) -> dict[str, Window]:
    """Of each kernel, by its name in the state dict, the rows and columns that ever meet a pixel.

    The net is in eval mode.
    """
    sizes = map_sizes(net, torch.zeros(1, 1, ink.SIDE, ink.SIDE))
    live = {}
    for name, conv in net.named_modules():
        if isinstance(conv, LiveConv2d):
            rows, columns = conv.windows(*sizes[conv])
            live[f"{name}.weight"] = reach(rows), reach(columns)
    return live


def reach(windows: list[Window]) -> slice:
    """From the first to the last live tap along one axis."""
    starts, stops = zip(*((taps.start, taps.stop) for taps, _ in windows), strict=True)
    return slice(min(starts), max(stops))
