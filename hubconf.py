"""The trained nets for torch.hub: torch.hub.load(FOLDER, "residual", source="local").

FOLDER is this one. Each entry gives the net of a checkpoint, in eval mode and on the CPU; its
pictures are what `picture` makes of a file.
"""

from pathlib import Path as _Path

from torch import Tensor as _Tensor

from resnet import checkpoint as _checkpoint
from resnet import ink as _ink
from resnet.model import ResNet18 as _ResNet18

dependencies = ["torch", "numpy", "PIL", "safetensors"]


def residual() -> _ResNet18:
    """The net with shortcuts: normalised pictures (N, 1, 32, 32) -> logits (N, 10)."""
    return _trained("residual")


def plain() -> _ResNet18:
    """The net without shortcuts: normalised pictures (N, 1, 32, 32) -> logits (N, 10)."""
    return _trained("plain")


def picture(file: str) -> _Tensor:
    """An image file of a digit -> (1, 1, 32, 32), as the nets want it: drawn into their box, and
    normalised. Raises InkError when it cannot be read."""
    return _ink.normalise(_ink.from_image(_Path(file)))[None]


def _trained(variant: str) -> _ResNet18:
    """Raises CheckpointError."""
    net, _ = _checkpoint.load(_checkpoint.path_of(variant), variant)
    return net
