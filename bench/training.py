"""How long one training step takes: forward, loss, zero_grad, backward, optimizer.

The peer is torchvision's resnet18 with torch's SGD as it comes. Against it: the same with the
fused SGD, and with products in bfloat16 where the processor has them; our nets as
resnet/training.py sets them up (channels last, live taps, fused SGD), in both precisions; all on
one batch of MNIST that lies ready. The last contender is train_one_epoch itself, with the
pictures that MNIST lacks, augmentation, weight averaging and notes for the history: these come
every few steps only, so see the mean, which has its share of them, beside the median. All take
turns in one run; a round's ratio compares what ran within the same few seconds.
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from bench import timing
from bench.inference import torchvision_resnet18
from resnet import handwriting, ink, mnist, training
from resnet.flags import at_least

PEER = "torchvision resnet18"
# So many epochs, of one step each, that the learning rate stays where a run begins.
RECIPE = training.Recipe(epochs=10_000)
CPU = torch.device("cpu")


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.get_args_parser("training", __doc__, rounds=40)
    parser.add_argument("--threads", type=at_least(1), default=2, help="default: %(default)s")
    return parser


def stepping(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    pictures: Tensor,
    labels: Tensor,
    is_bfloat16: bool,
) -> Callable[[], None]:
    net.train()
    for group in optimizer.param_groups:
        group["lr"] = training.learning_rate(0, RECIPE)

    def step() -> None:
        with training.products(CPU, is_bfloat16):
            logits = net(pictures).float()
        loss = F.cross_entropy(logits, labels, label_smoothing=RECIPE.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def contenders(batch: mnist.Split) -> dict[str, Callable[[], object]]:
    pictures = ink.normalise(ink.frame(batch.images))
    steps: dict[str, Callable[[], object]] = {}
    torch.manual_seed(0)
    for name, fused, is_bfloat16 in (
        (PEER, None, False),
        (f"{PEER}, fused SGD", True, False),
        (f"{PEER}, fused SGD, bfloat16", True, True),
    ):
        net = torchvision_resnet18()
        optimizer = torch.optim.SGD(
            net.parameters(),
            lr=RECIPE.peak_rate,
            momentum=RECIPE.momentum,
            nesterov=True,
            weight_decay=RECIPE.weight_decay,
            fused=fused,
        )
        steps[name] = stepping(net, optimizer, pictures, batch.labels, is_bfloat16)
    extras = handwriting.extras(len(batch))
    for variant in ("residual", "plain"):
        for name, is_bfloat16 in (("float32", False), ("bfloat16", True)):
            run = training.Run(variant, RECIPE, 0, "", extras, CPU)
            steps[f"our {variant} net, {name}"] = stepping(
                run.net, run.optimizer, pictures, batch.labels, is_bfloat16
            )
    whole = training.Run("residual", RECIPE, 0, "", extras, CPU)
    bar = tqdm(disable=True)
    steps["our residual net, the whole step"] = lambda: training.train_one_epoch(
        whole,
        batch.images[: RECIPE.mnist],
        batch.labels[: RECIPE.mnist],
        steps=1,
        bar=bar,
        stop=lambda: False,
    )
    return steps


def main(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    batch = mnist.load().train.first(RECIPE.batch_size)
    times = timing.interleave(contenders(batch), args.rounds, warm_up=2)
    rows = [
        [
            name,
            timing.median(t),
            timing.p95(t),
            timing.shown(np.mean(t)),
            timing.ratio(times[PEER], t),
        ]
        for name, t in times.items()
    ]
    headers = [f"step of {len(batch)}", "median ms", "p95 ms", "mean ms", "times as fast (95 %)"]
    timing.show(rows, headers)
    print(f"\n{timing.machine(args.threads, 'torch', 'torchvision')}")


if __name__ == "__main__":
    main(get_args_parser().parse_args())
