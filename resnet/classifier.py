"""A checkpoint made ready to answer.

For a picture of 32x32 everything that depends on the weights alone is done once, at the start:
batch norms folded into the convolutions before them, kernels cut to their live taps, modules
flattened into one list of operations, memory laid out channels last. The logits are those of the
net as trained, within 1e-4.
"""

import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from resnet import checkpoint, ink
from resnet.model import LiveConv2d, ResNet18

# The largest probability as the sign of a digit: Hendrycks and Gimpel, arXiv 1610.02136. Below
# even odds a net should not answer.
MIN_PROBABILITY = 0.5


@dataclass(frozen=True)
class Answer:
    digit: int | None  # None where the net should not answer, with a reason
    probabilities: list[float] | None  # of the ten digits, summing to 1; None for a blank picture
    is_digit: float  # from 0 to 1
    reason: str | None = None  # "blank", "not a digit"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


BLANK = Answer(digit=None, probabilities=None, is_digit=0.0, reason="blank")


class Classifier:
    """One net, ready to answer."""

    def __init__(self, net: ResNet18, about: checkpoint.About) -> None:
        self.about = about
        self.device = torch.accelerator.current_accelerator(check_available=True) or torch.device(
            "cpu"
        )
        ready = flattened(cut_to_live_taps(fold_batch_norms(net)))
        self.net = ready.to(self.device).to(memory_format=torch.channels_last)

    @classmethod
    def load(cls, variant: str, folder: Path = checkpoint.FOLDER) -> "Classifier":
        """Raises CheckpointError."""
        return cls(*checkpoint.load(checkpoint.path_of(variant, folder), variant))

    @torch.inference_mode()
    def logits(self, pictures: Tensor) -> Tensor:
        """(N, 1, 32, 32) ink in [0, 1] -> (N, 10)."""
        return self.net(ink.normalise(pictures.to(self.device))).cpu()

    def answer(self, pictures: Tensor) -> list[Answer]:
        """(N, 1, 32, 32) ink in [0, 1] -> N answers."""
        if len(pictures) == 0:
            return []
        probabilities = self.logits(pictures).softmax(1)
        blank = pictures.flatten(1).amax(1) == 0
        return [
            BLANK if is_blank else judged(row)
            for is_blank, row in zip(blank.tolist(), probabilities.tolist(), strict=True)
        ]


def judged(probabilities: list[float]) -> Answer:
    probabilities = [round(probability, 6) for probability in probabilities]
    top = max(probabilities)
    if top < MIN_PROBABILITY:
        return Answer(None, probabilities, top, "not a digit")
    return Answer(probabilities.index(top), probabilities, top)


def fold_batch_norms(net: ResNet18) -> ResNet18:
    """A copy of the net, in eval mode, whose convolutions do what their batch norms did."""
    net = copy.deepcopy(net).eval()
    for parent in list(net.modules()):
        for conv_name, norm_name in (("conv1", "bn1"), ("conv2", "bn2"), ("0", "1")):
            conv, norm = (getattr(parent, name, None) for name in (conv_name, norm_name))
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(parent, norm_name, nn.Identity())
    return net


class OnePixelConv2d(nn.Module):
    """A convolution that reads one window, the map's upper left corner, into a single pixel.

    (N, in_channels, H, W) -> (N, out_channels, 1, 1). That is a matrix product, and as such two
    to three times as fast.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.height, self.width = weight.shape[2:]
        # Row by row with the channels innermost, as a map in channels-last layout lies in memory.
        self.weight = nn.Parameter(weight.permute(0, 2, 3, 1).flatten(1).contiguous())
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        window = x[:, :, : self.height, : self.width].permute(0, 2, 3, 1)
        return F.linear(window.flatten(1), self.weight, self.bias)[:, :, None, None]


def cut_to_live_taps(net: ResNet18) -> ResNet18:
    """The net for pictures of 32x32 only: every convolution holds just the taps that meet one.

    LiveConv2d cuts a kernel at every call, which leaves it scattered in memory; here the cut
    kernels are contiguous, and 37 or 38 % of the weights are read instead of all.
    """
    shapes: dict[nn.Module, tuple[torch.Size, torch.Size]] = {}
    convs = {name: m for name, m in net.named_modules() if isinstance(m, LiveConv2d)}
    hooks = [
        conv.register_forward_hook(
            lambda conv, args, output: shapes.update({conv: (args[0].shape, output.shape)})
        )
        for conv in convs.values()
    ]
    with torch.inference_mode():
        net(torch.zeros(1, 1, ink.SIDE, ink.SIDE))
    for hook in hooks:
        hook.remove()
    for name, conv in convs.items():
        taken, given = shapes[conv]
        rows, columns = conv.live_window(*taken[-2:])
        weight = conv.weight[:, :, rows.start : rows.stop, columns.start : columns.stop]
        assert not isinstance(conv.padding, str)
        padding = (conv.padding[0] - rows.start, conv.padding[1] - columns.start)
        cut: nn.Module
        if given[-2:] == (1, 1) and padding == (0, 0):
            cut = OnePixelConv2d(weight.detach(), conv.bias)
        else:
            stride = (conv.stride[0], conv.stride[1])
            kernel = (len(rows), len(columns))
            cut = nn.Conv2d(
                conv.in_channels, conv.out_channels, kernel, stride, padding, device="meta"
            )
            cut.weight, cut.bias = nn.Parameter(weight.detach().clone()), conv.bias
        net.set_submodule(name, cut)
    return net


class Flattener(fx.Tracer):
    """Looks into every module, torch's own too."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return False


def flattened(net: nn.Module) -> fx.GraphModule:
    """The net's operations as one function: for a single picture calling 60 modules takes time."""
    return fx.GraphModule(net, Flattener().trace(net))
