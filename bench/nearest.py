"""How short a code may be that still finds what is near: codes of several kinds, compared.

The codes of resnet/nearest.py are measured beside the whole maps that they are made of, on MNIST's
validation digits; never the test set, for the code was chosen on these figures. A code is the first
principal components of a map, or of the map averaged to fewer pixels, in one byte a number; or its
random projection (Achlioptas: Database-friendly Random Projections, 2003), which need not be sent.

"Right" is how often the label that most of the nearest have is the digit's own, "as by the whole
map" how often it is the label that whole maps find, "same nearest" how often the nearest is the
same digit.
"""

import argparse
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from bench import timing
from resnet import flags, mnist, nearest
from resnet.classifier import Classifier
from resnet.mnist import Split
from resnet.readback import LEVELS, PLACES, Decoder, passes

WHOLE = "whole maps"
LONGEST = 64
CHOSEN = f"{nearest.SIZE} components"

Maps = Tensor  # (N, channels, size, size)
Code = Callable[[Maps], Callable[[Maps], Tensor]]  # of the stored digits: what codes any digits


@dataclass(frozen=True)
class Kind:
    code: Code
    bytes_of: Callable[[int, int], int]  # (channels, size), of the stored digits and of what codes


def averaged(maps: Maps, side: int) -> Maps:
    """To at most side x side pixels."""
    return F.adaptive_avg_pool2d(maps, min(side, maps.shape[-1]))


def components(count: int, side: int = 8) -> Kind:
    def code(stored: Maps) -> Callable[[Maps], Tensor]:
        coder = principal(stored, side)
        return lambda maps: coder.outputs(averaged(maps, side).flatten(1))[:, -count:]

    def bytes_of(channels: int, size: int) -> int:
        features = channels * min(side, size) ** 2
        return count * (nearest.COUNT + features + 8)  # and a scale and an offset each

    return Kind(code, bytes_of)


@functools.lru_cache(maxsize=1)  # it takes seconds, and the shorter codes are parts of the longest
def principal(stored: Maps, side: int) -> Decoder:
    return nearest.coded(averaged(stored, side).flatten(1), LONGEST).coder


def signs(count: int) -> Kind:
    def code(stored: Maps) -> Callable[[Maps], Tensor]:
        features = stored[0].numel()
        random = torch.Generator().manual_seed(nearest.SEED)
        projection = torch.randint(2, (features, count), generator=random) * 2.0 - 1
        return lambda maps: maps.flatten(1) @ projection

    return Kind(code, lambda _, size: count * nearest.COUNT)


def whole(stored: Maps) -> Callable[[Maps], Tensor]:
    return lambda maps: maps.flatten(1)


KINDS: Mapping[str, Kind] = {
    WHOLE: Kind(whole, lambda channels, size: 4 * nearest.COUNT * channels * size**2),
    **{f"{count} components": components(count) for count in (LONGEST, nearest.SIZE, 16, 8)},
    f"{nearest.SIZE} components of 2x2 pixels": components(nearest.SIZE, 2),
    f"{nearest.SIZE} components of averages": components(nearest.SIZE, 1),
    f"{nearest.SIZE} random sums": signs(nearest.SIZE),
}


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.bare_parser("nearest", __doc__)
    parser.add_argument(
        "--digits",
        type=flags.at_least(1),
        default=5000,
        metavar="N",
        help="of the validation digits, the first (default: %(default)s)",
    )
    flags.add_variants(parser, "--model")
    flags.add_checkpoints(parser)
    return parser


@dataclass(frozen=True)
class Found:
    """Of one kind of code, at one place."""

    bytes: int
    labels: Tensor  # (N,) what each digit is taken for
    first: Tensor  # (N,) which is the nearest


def look_up(kind: Kind, is_rounded: bool, stored: Maps, labels: Tensor, wanted: Maps) -> Found:
    of = kind.code(stored)
    codes, of_wanted = of(stored), of(wanted)
    if is_rounded:  # to numbers of one byte
        unit = codes.abs().max().clamp(min=1e-12) / LEVELS
        codes, of_wanted = (codes / unit).round(), of_wanted / unit
    order = torch.cat([nearest_to(part, codes) for part in of_wanted.split(500)])
    channels, size = stored.shape[1:3]
    return Found(kind.bytes_of(channels, size), nearest.vote(labels[order]), order[:, 0])


def nearest_to(wanted: Tensor, codes: Tensor) -> Tensor:
    """(N, features) among (COUNT, features) -> (N, SHOWN)."""
    return torch.cdist(wanted, codes).topk(nearest.SHOWN, largest=False).indices


def places(
    classifier: Classifier, stored: Split, wanted: Split
) -> Iterator[tuple[str, dict[str, Found]]]:
    """The labels and nearest digits that each kind of code gives, by place."""
    maps_of = []
    for split, title in ((stored, "stored"), (wanted, "wanted")):
        batches = [maps for _, _, maps in passes(classifier.body, split, title)]
        maps_of.append([torch.cat(of_place) for of_place in zip(*batches, strict=True)])
    for place, theirs, ours in tqdm([*zip(PLACES, *maps_of, strict=True)], desc="looking up"):
        yield (
            place,
            {
                name: look_up(kind, name != WHOLE, theirs, stored.labels, ours)
                for name, kind in KINDS.items()
            },
        )


def share(hits: Tensor) -> float:
    return hits.float().mean().item()


def main(args: argparse.Namespace) -> None:
    data = mnist.load()
    chosen = nearest.chosen(data.train)
    stored, wanted = Split(data.train.images[chosen], data.train.labels[chosen]), data.validation
    wanted = wanted.first(args.digits)
    by_kind, by_place = [], []
    for variant in flags.variants(args.model):
        found = dict(places(Classifier.load(variant, args.checkpoints), stored, wanted))
        for kind in KINDS:
            row = [figures(of_place[kind], of_place[WHOLE], wanted) for of_place in found.values()]
            total = sum(of_place[kind].bytes for of_place in found.values())
            means = [f"{100 * sum(column) / len(column):.2f}%" for column in zip(*row, strict=True)]
            by_kind.append([kind, variant, f"{total / 1000:,.0f}", *means])
        for place, of_place in found.items():
            right, *agree = figures(of_place[CHOSEN], of_place[WHOLE], wanted)
            by_whole, *_ = figures(of_place[WHOLE], of_place[WHOLE], wanted)
            shown = [f"{100 * value:.2f}%" for value in (by_whole, right, *agree)]
            by_place.append([place, variant, *shown])
    agreement = ["as by the whole map", "same nearest"]
    timing.show(by_kind, ["code", "net", "kB a net", "right", *agreement])
    print()
    timing.show(by_place, ["place", "net", f"right by {WHOLE}", f"by {CHOSEN}", *agreement])


def figures(found: Found, by_whole: Found, wanted: Split) -> tuple[float, float, float]:
    """The shares that are right, labelled as by whole maps, and nearest to the same digit."""
    return (
        share(found.labels == wanted.labels),
        share(found.labels == by_whole.labels),
        share(found.first == by_whole.first),
    )


if __name__ == "__main__":
    main(get_args_parser().parse_args())
