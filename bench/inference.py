"""How long both nets take to read a batch of pictures on the CPU, ink in, logits out.

The peer is a pair of torchvision's resnet18, since torchvision has no plain net, eager in
inference mode. Against it: the peer in the other memory layout, our two nets as they are built,
our two as the page serves them (Classifier), and onnxruntime on the peer's graphs and on the
Classifier's. All take turns in one run; a round's ratio compares what ran within the same second
or so. Speed does not depend on what the weights have learnt, so they are fresh ones; all pairs
get the same, and must agree.
"""

import argparse
import copy
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import onnxruntime
import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from bench import timing
from resnet import checkpoint, ink
from resnet.classifier import Classifier
from resnet.flags import at_least
from resnet.model import placed

ROUNDS = {1: 300, 32: 80, 256: 30}  # by batch size: about a minute each
PEER = "torchvision, eager"

Pair = list[Callable[[Tensor], Tensor]]  # two nets: pictures (N, 1, 32, 32) -> logits (N, 10)


def get_args_parser() -> argparse.ArgumentParser:
    by_size = ", ".join(f"{n} of batch {size}" for size, n in ROUNDS.items())
    parser = timing.get_args_parser("inference", __doc__, None, help=f"default: {by_size}")
    parser.add_argument("--threads", type=at_least(1), default=1, help="default: %(default)s")
    return parser


def torchvision_resnet18() -> nn.Module:
    net = resnet18(num_classes=10)
    net.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)  # grey pictures
    return net


def pairs(threads: int) -> dict[str, Pair]:
    torch.manual_seed(0)
    ours = [checkpoint.build(variant).eval() for variant in checkpoint.VARIANTS]
    theirs = [torchvision_resnet18().eval() for _ in ours]
    for net in theirs:
        net.load_state_dict(ours[0].state_dict())
    as_it_is = {"temperature": 1.0, "slope": 1.0, "offset": 0.0, "threshold": 0.0}
    classifiers = [Classifier(net, {"calibration": as_it_is}) for net in ours]
    # One pool for both graphs: with one each, the threads of the first still spin, and hold a
    # core, while the second works.
    onnxruntime.set_global_thread_pool_sizes(threads, 1)
    return {
        PEER: [eager(net) for net in theirs],
        "torchvision, channels last": [eager(channels_last(net)) for net in theirs],
        "ours, eager": [eager(net) for net in ours],
        "ours, as served": [classifier.logits for classifier in classifiers],
        "torchvision, onnxruntime": [exported(net) for net in theirs],
        # Wrapped, since the exporter takes whatever has a .graph, as this has, for a script.
        "ours, onnxruntime": [exported(nn.Sequential(c.net)) for c in classifiers],
    }


def channels_last(net: nn.Module) -> nn.Module:
    """A copy in the layout that is faster on CPUs: what of our speed is the layout alone."""
    return placed(copy.deepcopy(net), torch.device("cpu"))


def eager(net: nn.Module) -> Callable[[Tensor], Tensor]:
    @torch.inference_mode()
    def logits(pictures: Tensor) -> Tensor:
        return net(ink.normalise(pictures))

    return logits


def exported(net: nn.Module) -> Callable[[Tensor], Tensor]:
    """The net in an onnxruntime session, for batches of any size."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The exporter that needs no further package is deprecated; and it warns that the size of
        # a picture, from which LiveConv2d finds its live taps, becomes a constant: it is one.
        warnings.simplefilter("ignore")
        file = Path(folder) / "net.onnx"
        torch.onnx.export(
            net,
            (torch.zeros(1, 1, ink.SIDE, ink.SIDE),),
            file,
            input_names=["pictures"],
            dynamic_axes={"pictures": {0: "batch"}},
            dynamo=False,
        )
        graph = file.read_bytes()
    options = onnxruntime.SessionOptions()
    options.use_per_session_threads = False
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def logits(pictures: Tensor) -> Tensor:
        inputs = {"pictures": ink.normalise(pictures).numpy()}
        return torch.from_numpy(session.run(None, inputs)[0])

    return logits


def reading(pair: Pair, pictures: Tensor) -> Callable[[], list[Tensor]]:
    return lambda: [net(pictures) for net in pair]


def compared(contenders: dict[str, Pair], size: int, rounds: int) -> Sequence[Sequence[str]]:
    pictures = torch.rand(size, 1, ink.SIDE, ink.SIDE, generator=torch.Generator().manual_seed(0))
    work = {name: reading(pair, pictures) for name, pair in contenders.items()}
    expected = work[PEER]()[0]
    for read in work.values():  # the first of every pair is the same residual net
        torch.testing.assert_close(read()[0], expected, rtol=1e-3, atol=1e-3)
    times = timing.interleave(work, rounds, warm_up=max(2, rounds // 10))
    return [
        [str(size), name, timing.median(t), timing.p95(t), timing.ratio(times[PEER], t)]
        for name, t in times.items()
    ]


def main(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    contenders = pairs(args.threads)
    rows = [
        row
        for size, rounds in ROUNDS.items()
        for row in compared(contenders, size, args.rounds or rounds)
    ]
    timing.show(rows, ["batch", "both nets by", "median ms", "p95 ms", "times as fast (95 %)"])
    print(f"\n{timing.machine(args.threads, 'torch', 'torchvision', 'onnxruntime')}")


if __name__ == "__main__":
    main(get_args_parser().parse_args())
