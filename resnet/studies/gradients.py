"""How much of an error arrives at each place in a net.

He et al., arXiv 1512.03385, section 4.1, check that the gradients of their plain nets neither
vanish nor explode, thanks to batch norm; Yang et al., arXiv 1902.08129, show that batch norm makes
them explode with depth. With shortcuts they grow as well, only much less: results/depth.json.
"""

import copy
import math
from collections.abc import Mapping, Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from resnet.language import N_, t
from resnet.model import LiveConv2d, ResNet, Window, map_sizes

# A gradient so small that 80 steps at a rate of 0.2 move no weight by 0.002, where the weights of a
# unit begin with a deviation of 0.04 to 0.12.
VANISHED = 1e-4
EXPLODED = 1e4  # times, from the last unit of a net back to its stem

Gradients = list[float | None]  # of the stem, every unit, the head
Layer = LiveConv2d | nn.Linear


def gradients(net: ResNet, pictures: Tensor, labels: Tensor) -> Gradients:
    """The root mean square of the loss's gradient over the weights of each place; net stays as is.

    The loss is the mean cross-entropy of the batch, (N, 1, 32, 32) pictures and (N,) labels, in
    train mode, so with the batch's own statistics. A place is the stem's convolution, a unit's two,
    or the head; the projections are left out, for plain nets have none. Weights that only ever meet
    padding do not count: their gradient is 0 by construction. None where it is no finite number.
    """
    net = copy.deepcopy(net).eval()
    sizes = map_sizes(net, pictures[:1])
    net.train()
    places: list[list[Layer]] = [[net.conv1]]
    places += [[unit.conv1, unit.conv2] for unit in net.units()]
    places += [[net.fc]]
    alive: dict[nn.Module, int] = {net.fc: net.fc.weight.numel()}
    alive.update({conv: live_weights(conv, *size) for conv, size in sizes.items()})
    F.cross_entropy(net(pictures), labels).backward()
    return [rms(place, alive) for place in places]


def live_weights(conv: LiveConv2d, height: int, width: int) -> int:
    """How many weights meet a pixel of a (..., height, width) input anywhere."""
    rows, columns = (len(taps(windows)) for windows in conv.windows(height, width))
    return conv.out_channels * conv.in_channels * rows * columns


def taps(windows: list[Window]) -> set[int]:
    return {tap for live, _ in windows for tap in range(live.start, live.stop)}


def rms(place: Sequence[Layer], alive: Mapping[nn.Module, int]) -> float | None:
    # In float64, where the square of the smallest float32 is not 0 yet.
    slopes = [layer.weight.grad.double() for layer in place if layer.weight.grad is not None]
    total = sum(slope.square().sum().item() for slope in slopes)
    value = math.sqrt(total / sum(alive[layer] for layer in place))
    return float(f"{value:.3g}") if math.isfinite(value) else None


# --- in words -----------------------------------------------------------------------------------


def arrival(values: Gradients) -> str:
    """How the gradient changes between the last unit and the stem of one net."""
    lost = sum(value is None for value in values)
    if lost:
        return t("the gradient is no finite number at {n} of {all} places", n=lost, all=len(values))
    stem, last = values[0] or 0.0, values[-2] or 0.0
    said = {"stem": size(stem), "last": size(last)}
    if max(stem, last) < VANISHED:
        return t(
            "there is hardly any gradient anywhere ({stem} at the stem, {last} at the last unit)",
            **said,
        )
    if stem < VANISHED:
        return t(
            "the gradient has vanished at the stem ({stem} against {last} at the last unit)", **said
        )
    if not last:
        return t("the gradient at the stem is {stem}, that at the last unit 0", **said)
    ratio = stem / last
    return t(EXPLODES if ratio >= EXPLODED else ARRIVES, **said, times=times(ratio))


EXPLODES = N_(
    "the gradient at the stem explodes to {times} that at the last unit ({stem} against {last})"
)
ARRIVES = N_("the gradient at the stem is {times} that at the last unit ({stem} against {last})")


def size(value: float) -> str:
    """Two digits: 1,900, 0.015 or 2e-14."""
    return f"{float(f'{value:.2g}'):,g}"


def rounded(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.2g}"


def times(value: float) -> str:
    """Two digits: 0.0012, 3.4, 25,000 or 1.2e-09 times."""
    if not 1e-4 <= value < 1e6:
        return t("{n} times", n=f"{value:.1e}")
    rounded = float(f"{value:.2g}")
    return t("{n} times", n=f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}")
