"""Without batch norm: how much of a vanishing gradient is the first weights' doing.

He et al., arXiv 1502.01852, section 2.2, choose the first weights' variance so that a signal keeps
its size from layer to layer, and count every tap of a kernel. On the small maps here many taps meet
padding: all but one of nine on a 1x1 map, where the signal falls to a third at every convolution.
Beside the nets as they begin stand the same with their kernels enlarged, as if only the taps that
meet the map were counted. Medians over seeds of the stem's gradient before the first step.
"""

import argparse
import itertools
import math
import statistics

import torch
from torch import Tensor, nn

from bench import timing
from resnet import mnist
from resnet.checkpoint import VARIANTS
from resnet.depth import DEPTHS, ONE_ERROR, SEEDS, build
from resnet.gradients import gradients
from resnet.model import LiveConv2d, ResNet, Window
from resnet.textbook import pictures_of


def count_live_taps_only(net: ResNet, pictures: Tensor) -> None:
    """Enlarge every kernel to the variance that it had if padding did not count, for such sizes."""

    def enlarge(conv: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(conv, LiveConv2d)
        rows, columns = conv.windows(*inputs[0].shape[-2:])
        live = mean_taps(rows) * mean_taps(columns)
        conv.weight.data *= math.sqrt(math.prod(conv.kernel_size) / live)

    hooks = [
        module.register_forward_pre_hook(enlarge)
        for module in net.modules()
        if isinstance(module, LiveConv2d)
    ]
    with torch.no_grad():
        net(pictures)
    for hook in hooks:
        hook.remove()


def mean_taps(windows: list[Window]) -> float:
    """Along one axis, over the outputs."""
    return statistics.fmean(live.stop - live.start for live, _ in windows)


def get_args_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.first_weights",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help="default: %(default)s")
    return parser


def main(args: argparse.Namespace) -> None:
    digits = mnist.load().train.first(ONE_ERROR)
    pictures = pictures_of(digits.images)

    def stem(variant: str, depth: int, only_live: bool) -> str:
        found = []
        for seed in range(1, args.seeds + 1):
            net = build(variant, depth, False, seed).cpu()
            if only_live:
                count_live_taps_only(net, pictures[:1])
            value = gradients(net, pictures, digits.labels)[0]
            found.append(math.inf if value is None else value)
        return f"{statistics.median(found):.2g}"

    cases = list(itertools.product(VARIANTS, (False, True)))
    rows = [
        [str(depth), *(stem(variant, depth, live) for variant, live in cases)] for depth in DEPTHS
    ]
    headers = [f"{v}, {'live taps' if live else 'all taps'} counted" for v, live in cases]
    timing.show(rows, ["layers", *headers])


if __name__ == "__main__":
    main(get_args_parser().parse_args())
