"""A drawing nudged by a hair: does a net that has learnt nothing still ask for the same change?

Balduzzi et al., "The Shattered Gradients Problem", arXiv 1702.08591: in deep plain nets, as they
begin, the gradients of inputs that are near to each other are as unrelated as noise, while with
shortcuts they stay related for longer. Here the gradient is that of the loss at the pixels of one
drawing, in a batch with stored digits, so that batch norm works as it does in training; the drawing
is then nudged, and the two gradients are compared by their cosine.

The nets are those of the study of depth, with first weights that the page's worker can draw as well
(ui/worker/shake.js): both nets get the same, the projections of the one with shortcuts come last.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet import ink
from resnet.checkpoint import VARIANTS
from resnet.mnist import Split
from resnet.model import LiveConv2d, ResNet, Window, map_sizes
from resnet.studies import depth
from resnet.studies.gradients import taps

DEPTHS = (18, 34, 66)  # layers to choose from on the page
BATCH = 16  # pictures, the drawing and stored digits: more would take a browser too long
NUDGES = (0.002, 0.006, 0.02)  # deviations of the noise, of the way from paper to ink
GRAIN = 0.02  # the same of what every drawing gets first: see Shaker
SEEDS = 2**32  # that there are


@dataclass(frozen=True)
class Shaken:
    """A nudged drawing, and what that does to the gradients of both nets."""

    drawn: Tensor  # (1, 32, 32), with its grain
    nudged: Tensor  # (1, 32, 32)
    gradients: dict[str, Tensor]  # by net, (2, 32, 32): at the pixels as drawn, and as nudged

    def cosine(self, variant: str) -> float:
        """From -1 to 1: 1 where both gradients have the same direction, 0 for no relation."""
        drawn, nudged = self.gradients[variant].flatten(1)
        return F.cosine_similarity(drawn, nudged, 0).item()


class Shaker:
    """New nets of both kinds, noise and grain, as they follow from a seed, from 0 to below SEEDS.

    On blank paper all pixels are equal, and max pooling would have to choose among equals: the
    slope there is no one number. So a drawing gets a faint grain, before any nudge. Float64, for
    in deep nets without shortcuts the rounding of float32 is a nudge itself.
    """

    def __init__(self, layers: int, seed: int) -> None:
        draws = Draws(seed)
        shape = 1, ink.SIDE, ink.SIDE
        self.noise, self.grain = draws.normals(1, *shape), draws.normals(GRAIN, *shape)
        self.nets = {
            variant: build(variant, layers, draws.copy()).cpu().double() for variant in VARIANTS
        }

    def shake(
        self, picture: Tensor, label: int, nudges: Sequence[float], others: Tensor
    ) -> list[Shaken]:
        """Nudge a picture (1, 32, 32), 0 for paper and 1 for ink, by each of these.

        The others, (N, 1, 32, 32), fill the batch.
        """
        pictures = [picture + self.grain + nudge * self.noise for nudge in (0, *nudges)]
        gradients = {
            variant: [
                input_gradient(net, torch.cat([one[None], others]), label) for one in pictures
            ]
            for variant, net in self.nets.items()
        }
        return [
            Shaken(
                pictures[0],
                pictures[i],
                {v: torch.stack([each[0], each[i]]) for v, each in gradients.items()},
            )
            for i in range(1, len(pictures))
        ]


def input_gradient(net: ResNet, pictures: Tensor, label: int) -> Tensor:
    """(32, 32): the gradient of the first picture's cross-entropy at its own pixels.

    In train mode, so that the whole batch, (N, 1, 32, 32), decides what batch norm does.
    """
    pictures = pictures.to(net.fc.weight).requires_grad_()
    logits = net.train()(ink.normalise(pictures))
    loss = F.cross_entropy(logits[:1], torch.tensor([label]))
    (gradient,) = torch.autograd.grad(loss, pictures)
    return gradient[0, 0]


def company(train: Split) -> Tensor:
    """(BATCH - 1, 1, 32, 32): the first training digits, which fill the batch."""
    return pictures_of(train.first(BATCH - 1))


def pictures_of(digits: Split) -> Tensor:
    """(N, 1, 32, 32), in the whole grey levels in which pictures travel."""
    return (255 * ink.frame(digits.images)).round() / 255


# --- first weights ---------------------------------------------------------------------------


class Draws:
    """Random numbers that Python and the worker draw alike.

    The generator is mulberry32, by Tommy Ettinger: each number is the hash of a count, so that
    numpy makes any many at once.
    """

    STEP = 0x6D2B79F5

    def __init__(self, seed: int, drawn: int = 0) -> None:
        self.seed, self.drawn = seed, drawn

    def copy(self) -> "Draws":
        """One that goes on from here."""
        return Draws(self.seed, self.drawn)

    def uniforms(self, count: int) -> np.ndarray:
        """Between 0 and 1, neither of them included, float64."""
        counts = np.arange(self.drawn + 1, self.drawn + 1 + count, dtype=np.uint32)
        self.drawn += count
        state = counts * np.uint32(self.STEP) + np.uint32(self.seed)
        hashed = (state ^ (state >> 15)) * (state | 1)
        hashed ^= hashed + (hashed ^ (hashed >> 7)) * (hashed | 61)
        return ((hashed ^ (hashed >> 14)) + 0.5) / SEEDS

    def evenly(self, most: float, *shape: int) -> Tensor:
        """From minus this to this, float32."""
        return shaped((2 * self.uniforms(math.prod(shape)) - 1) * most, shape)

    def normals(self, deviation: float, *shape: int) -> Tensor:
        """With mean 0 (Box and Muller, 1958), float32."""
        count = math.prod(shape)
        first, second = self.uniforms(count + count % 2).reshape(-1, 2).T
        radius, angle = np.sqrt(-2 * np.log(first)) * deviation, 2 * math.pi * second
        pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
        return shaped(pairs.flatten()[:count], shape)


def shaped(values: np.ndarray, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)


def build(variant: str, layers: int, draws: Draws) -> ResNet:
    """A net of the study of depth, with batch norm and with first weights of these draws."""
    net = depth.build(variant, layers, True, draws.seed)
    sizes = map_sizes(net.eval(), torch.zeros(1, 1, ink.SIDE, ink.SIDE).to(net.fc.weight.device))
    units = net.units()
    branches = itertools.chain.from_iterable((unit.conv1, unit.conv2) for unit in units)
    for conv in (net.conv1, *branches):
        draw_kernel(conv, sizes[conv], draws)
    draw_head(net.fc, draws)
    for unit in units:
        if unit.downsample is not None:
            projection = next(unit.downsample.children())
            assert isinstance(projection, LiveConv2d)
            draw_kernel(projection, sizes[projection], draws)
    return net


@torch.no_grad()
def draw_kernel(conv: LiveConv2d, size: tuple[int, int], draws: Draws) -> None:
    """As model.py draws them, but none for taps that only meet padding on maps of this size."""
    rows, columns = map(reach, conv.windows(*size))
    live = rows.stop - rows.start, columns.stop - columns.start
    deviation = math.sqrt(2 / (conv.out_channels * math.prod(conv.kernel_size)))
    kernel = draws.normals(deviation, *live, conv.in_channels, conv.out_channels)
    conv.weight.zero_()
    conv.weight[:, :, rows, columns] = kernel.permute(3, 2, 0, 1).to(conv.weight)


def reach(windows: list[Window]) -> slice:
    """The taps that meet a pixel anywhere."""
    live = taps(windows)
    return slice(min(live), max(live) + 1)


@torch.no_grad()
def draw_head(head: nn.Linear, draws: Draws) -> None:
    """Evenly over the range that torch draws them from."""
    most = 1 / math.sqrt(head.in_features)
    head.weight.copy_(draws.evenly(most, head.in_features, head.out_features).T)
    head.bias.copy_(draws.evenly(most, head.out_features))
