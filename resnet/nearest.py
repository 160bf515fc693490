"""The nearest digits: what a drawing looks like to a net, at each place in it.

At the stem and at each unit a picture is a point, its map flattened. Pictures whose points lie near
each other look alike to the rest of the net, which sees nothing else of them. Here the points of
COUNT training digits are stored; of these the nearest to a drawing show what it looks like there,
and the label that most of them have is what it would be taken for (Papernot and McDaniel: Deep
k-Nearest Neighbors, arXiv 1803.04765). Nothing is trained for that: the net may part what is near,
and does so until its last unit.

A point is stored as a code: its first SIZE principal components, rounded to one byte, which keeps
the files small. Distances are Euclid's, between codes; python -m bench.nearest shows what that
changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from resnet import checkpoint, mnist
from resnet.checkpoint import CheckpointError, Description, Score
from resnet.mnist import Mnist, Split
from resnet.model import ResNet
from resnet.readback import DIGITS, LEVELS, PLACES, Decoder, decoder_of, passes, tensors_of

COUNT = 2000  # training digits, as many of each class
SEED = 0  # of their choice
SIZE = 24  # numbers of a code
SHOWN = 3  # digits to a drawing


@dataclass(frozen=True)
class Codes:
    """Of one place."""

    coder: Decoder  # (N, features) -> codes (N, SIZE)
    stored: Tensor  # (COUNT, SIZE), of the digits: whole numbers from -LEVELS to LEVELS
    usual: float  # how far a validation digit is from its nearest: the median

    def nearest(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(N, features) -> the nearest, and of equals the first: how far, 1 for what is usual, and
        which, each (N, SHOWN)."""
        codes = self.coder.outputs(features).double()
        exactly = "donot_use_mm_for_euclid_dist"
        apart = torch.cdist(codes, self.stored.double(), compute_mode=exactly)
        distances, order = apart.sort(stable=True)
        return distances[:, :SHOWN] / self.usual, order[:, :SHOWN]


@dataclass(frozen=True)
class Nearest:
    """Of one net, whole: with units altered it is still the whole net's codes that are near."""

    digits: Tensor  # (COUNT,) their indices in MNIST's training file
    labels: Tensor  # (COUNT,)
    codes: list[Codes]  # of PLACES
    scores: list[Score]  # of PLACES: validation digits that are taken for what they are
    data_sha256: str  # of the data that hold the digits


def vote(labels: Tensor) -> Tensor:
    """(N, SHOWN), the nearest first -> (N,), the label that most have; of equals, the nearest."""
    votes = (labels[:, :, None] == labels[:, None]).sum(2)
    return labels.gather(1, votes.argmax(1, keepdim=True))[:, 0]


def pictures(of: Sequence[Nearest], folder: Path = mnist.FOLDER) -> dict[int, Tensor]:
    """The digits of some nets as MNIST has them, (28, 28) uint8, by index.

    Raises DataError when the folder's data are missing, broken or not those that they are of.
    """
    data = mnist.load(folder)
    if any(nearest.data_sha256 != data.sha256 for nearest in of):
        raise mnist.DataError(f"{folder}: not the data that the nearest digits are of")
    indices = sorted({index for nearest in of for index in nearest.digits.tolist()})
    return {index: data.train.images[index].clone() for index in indices}


# --- stored beside the checkpoint -------------------------------------------------------------


def path_of(variant: str, folder: Path = checkpoint.FOLDER) -> Path:
    return folder / f"{variant}.nearest.safetensors"


def save(path: Path, nearest: Nearest, about: Description) -> None:
    tensors = {"digits": nearest.digits.int(), "labels": nearest.labels.to(torch.uint8)}
    for place, codes in zip(PLACES, nearest.codes, strict=True):
        tensors |= tensors_of(place, codes.coder)
        tensors[f"{place}.codes"] = codes.stored.to(torch.int8)
        tensors[f"{place}.usual"] = torch.tensor([codes.usual])
    if name := checkpoint.not_finite(tensors):
        raise CheckpointError(f"{path}: not written, since {name} has values that are not finite")
    checkpoint.write(path, tensors, {**about, "scores": nearest.scores})


def load(path: Path, weights_sha256: str) -> tuple[Nearest, Description]:
    """The codes in a net with these weights, on the CPU, and what their metadata say.

    Raises CheckpointError when the file is missing, damaged or of other weights.
    """
    remedy = "make it anew (python -m resnet nearest)"
    tensors, about = checkpoint.read_fitted(path, weights_sha256, remedy)
    try:
        nearest = Nearest(
            tensors["digits"].long(),
            tensors["labels"].long(),
            [codes_of(tensors, place) for place in PLACES],
            [score for score in about["scores"] if checkpoint.is_score(score)],
            about["data_sha256"],
        )
        lengths = {
            len(nearest.labels),
            len(nearest.digits),
            *(len(c.stored) for c in nearest.codes),
        }
        if len(nearest.scores) != len(PLACES) or len(lengths) != 1:
            raise ValueError("a place without a score, or a digit without a code")
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: not nearest digits of this project; {remedy}") from error
    return nearest, about


def codes_of(tensors: dict[str, Tensor], place: str) -> Codes:
    stored, usual = tensors[f"{place}.codes"].float(), tensors[f"{place}.usual"].item()
    return Codes(decoder_of(tensors, place), stored, usual)


# --- made -------------------------------------------------------------------------------------


def make(
    net: ResNet, of_net: Description, data: Mnist, count: int = COUNT
) -> tuple[Nearest, Description]:
    """Of a net in eval mode and its metadata. The test set is not read."""
    variant = of_net["variant"]
    digits = chosen(data.train, count)
    split = Split(data.train.images[digits], data.train.labels[digits])
    codes = [coded(points) for points in points_of(net, split, f"{variant}: coding")]
    codes, right = measured(codes, split.labels, net, data.validation, f"{variant}: measuring")
    scores: list[Score] = [{"right": one, "total": len(data.validation)} for one in right]
    about = checkpoint.fitted_to(of_net, data.sha256)
    return Nearest(digits, split.labels, codes, scores, data.sha256), about


def chosen(split: Split, count: int = COUNT) -> Tensor:
    """(count,) indices, rising, of as many digits of each class, if there are so many."""
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(SEED))
    labels = split.labels[order]
    of_each = [order[labels == digit][: count // DIGITS] for digit in range(DIGITS)]
    return torch.cat(of_each).sort().values


def points_of(net: ResNet, split: Split, title: str) -> list[Tensor]:
    """The flattened maps of digits at each place, (N, features)."""
    batches = [[m.flatten(1) for m in maps] for _, _, maps in passes(net, split, title)]
    return [torch.cat(of_place) for of_place in zip(*batches, strict=True)]


def coded(points: Tensor, size: int = SIZE) -> Codes:
    """The codes of points (N, features), whose distances are not yet measured."""
    mean = points.double().mean(0)
    centred = points.double() - mean
    if centred.shape[1] > len(centred):  # less is to be solved with the products of points
        values, vectors = torch.linalg.eigh(centred @ centred.T)  # by rising variance
        spread = values[-size:].clamp(min=values[-1].item() * 1e-9 + 1e-12).sqrt()
        directions = centred.T @ (vectors[:, -size:] / spread)
    else:
        _, vectors = torch.linalg.eigh(centred.T @ centred)
        directions = vectors[:, -size:]
    unit = (centred @ directions).abs().max().clamp(min=1e-12) / LEVELS
    coder = Decoder.rounded(directions / unit, mean, mean.new_zeros(directions.shape[1]))
    stored = coder.outputs(points).round().clamp(-LEVELS, LEVELS)
    return Codes(coder, stored, usual=1.0)


def measured(
    codes: Sequence[Codes], labels: Tensor, net: ResNet, split: Split, title: str
) -> tuple[list[Codes], list[int]]:
    """The same with what is usual of a split, and how many of its digits find their own label."""
    firsts: list[list[Tensor]] = [[] for _ in codes]
    right = [0] * len(codes)
    for _, truths, maps in passes(net, split, title):
        for place, (one, features) in enumerate(zip(codes, maps, strict=True)):
            distances, order = one.nearest(features.flatten(1))
            firsts[place].append(distances[:, 0])
            right[place] += int((vote(labels[order]) == truths).sum())
    medians = [torch.cat(of_place).median().item() for of_place in firsts]
    # Where a map is dead nothing is apart.
    usual = [max(median, 1e-12) for median in medians]
    return [replace(one, usual=u) for one, u in zip(codes, usual, strict=True)], right
