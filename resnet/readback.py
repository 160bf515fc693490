"""The read-back: how much of the picture, and of the digit, is left at each place in a net.

For the stem and for each unit there is one linear map from its output, flattened, to the picture
and to ten scores, fitted by ridge regression in closed form. The map to the scores, the largest
of which is what it says, is a linear probe (Alain and Bengio: Understanding Intermediate Layers
Using Linear Classifier Probes, arXiv 1610.01644; fitted there by cross-entropy, here by least
squares to 0 and 1). A linear read-back shows what a linear map can find, and no more: the net may
know things that it does not.

Pictures are read as RANK coefficients of their principal components, and weights are rounded to
one byte, which keeps the files small. The components set a ceiling: they hold 97.5 % of the
variance of MNIST's test pictures. The bytes cost at most .004 of R2, and float16 .0001 (measured
when digits had 20 pixels), but float16 leaves room for half the components only, with a ceiling of
93 %.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from resnet import checkpoint, ink
from resnet.checkpoint import CheckpointError, Description
from resnet.mnist import Mnist, Split
from resnet.model import ResNet
from resnet.surgery import UNITS, trace

PLACES = ("stem", *(f"unit {number}" for number in range(1, UNITS + 1)))
RANK = 174  # with it the file of a net has less than 4 MB
PICTURES = 20_000  # of MNIST's training pictures, the first
# Ridge weights to choose from, on validation pictures, times the mean variance of a feature.
RIDGES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
DIGITS = 10
LEVELS = 127  # of int8
BATCH = 500


@dataclass(frozen=True)
class Basis:
    """The directions in which pictures differ most."""

    mean: Tensor  # (SIDE * SIDE,)
    directions: Tensor  # (RANK, SIDE * SIDE), orthonormal

    def coefficients(self, pictures: Tensor) -> Tensor:
        """(N, 1, SIDE, SIDE) -> (N, RANK)."""
        return (pictures.flatten(1) - self.mean) @ self.directions.T

    def pictures(self, coefficients: Tensor) -> Tensor:
        """(N, RANK) -> (N, 1, SIDE, SIDE), not clipped."""
        return (coefficients @ self.directions + self.mean).unflatten(1, (1, ink.SIDE, ink.SIDE))


@dataclass(frozen=True)
class Decoder:
    """Of one place, a linear map: here from features to coefficients of the picture and scores of
    the digits, RANK + DIGITS outputs."""

    levels: Tensor  # (features, outputs), whole numbers from -LEVELS to LEVELS ...
    scale: Tensor  # (outputs,), ... times which they are weights
    offset: Tensor  # (outputs,)

    @classmethod
    def rounded(cls, weights: Tensor, x: Tensor, y: Tensor) -> "Decoder":
        """With (features, outputs) weights as they are stored, and x (features,) taken to y
        (outputs,) in spite of that."""
        scale = weights.abs().amax(0).clamp(min=1e-12) / LEVELS
        levels = (weights / scale).round()
        offset = y - x @ (levels * scale)
        return cls(levels.float(), scale.float(), offset.float())

    def outputs(self, features: Tensor) -> Tensor:
        """(N, features) -> (N, outputs)."""
        return features @ self.levels * self.scale + self.offset

    def decode(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(N, features) -> (N, RANK), (N, DIGITS)."""
        outputs = self.outputs(features)
        return outputs[:, :-DIGITS], outputs[:, -DIGITS:]


@dataclass(frozen=True)
class Score:
    """How good a decoder is on pictures it was not fitted to."""

    # The share of the pictures' variance around their mean that is read back, over all pixels and
    # without clipping; 1 is all, 0 no more than the mean picture.
    r2: float
    right: int  # digits that the probe names
    total: int


@dataclass(frozen=True)
class Readback:
    """Of one net, whole: with units altered it is still the whole net's."""

    basis: Basis
    decoders: list[Decoder]  # of PLACES
    scores: list[Score]  # of PLACES, on MNIST's test set

    def read(self, maps: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """(N, channels, size, size) at each place -> pictures (N, 1, SIDE, SIDE), not clipped, and
        scores (N, DIGITS) there."""
        decoded = [
            decoder.decode(features.flatten(1))
            for decoder, features in zip(self.decoders, maps, strict=True)
        ]
        return [self.basis.pictures(c) for c, _ in decoded], [scores for _, scores in decoded]


# --- stored beside the checkpoint -------------------------------------------------------------


def path_of(variant: str, folder: Path = checkpoint.FOLDER) -> Path:
    return folder / f"{variant}.readback.safetensors"


def save(path: Path, readback: Readback, about: Description) -> None:
    tensors = {"mean": readback.basis.mean, "directions": readback.basis.directions.half()}
    for place, decoder in zip(PLACES, readback.decoders, strict=True):
        tensors |= tensors_of(place, decoder)
    if name := checkpoint.not_finite(tensors):
        raise CheckpointError(f"{path}: not written, since {name} has values that are not finite")
    scores = [asdict(score) for score in readback.scores]
    checkpoint.write(path, tensors, {**about, "scores": scores})


def load(path: Path, weights_sha256: str) -> tuple[Readback, Description]:
    """The read-back fitted to a net's weights, on the CPU, and what its metadata say.

    Raises CheckpointError when the file is missing, damaged or was fitted to other weights.
    """
    remedy = "fit it anew (python -m resnet readback)"
    tensors, about = checkpoint.read_fitted(path, weights_sha256, remedy)
    try:
        scores = [Score(**score) for score in about["scores"] if checkpoint.is_score(score)]
        if len(scores) != len(PLACES) or not all(-1e9 < score.r2 <= 1 for score in scores):
            raise ValueError("a place without a score")
        readback = Readback(
            Basis(tensors["mean"], tensors["directions"].float()),
            [decoder_of(tensors, place) for place in PLACES],
            scores,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: not a read-back of this project; {remedy}") from error
    return readback, about


def tensors_of(place: str, decoder: Decoder) -> dict[str, Tensor]:
    return {
        f"{place}.levels": decoder.levels.to(torch.int8),
        f"{place}.scale": decoder.scale,
        f"{place}.offset": decoder.offset,
    }


def decoder_of(tensors: dict[str, Tensor], place: str) -> Decoder:
    levels, scale, offset = (tensors[f"{place}.{name}"] for name in ("levels", "scale", "offset"))
    return Decoder(levels.float(), scale, offset)


# --- fitted ----------------------------------------------------------------------------------


def fit(
    net: ResNet, of_net: Description, data: Mnist, ridges: Sequence[float] = RIDGES
) -> tuple[Readback, Description]:
    """To a net in eval mode and its metadata, with the test set read at the end.

    Weights are rounded as they are stored before anything is measured. The description returned
    says what was fitted to what, and which ridge weights were the best for each place.
    """
    variant = of_net["variant"]
    train = data.train.first(PICTURES)
    basis = principal_components(train)
    candidates = solved(net, basis, train, ridges, variant)
    judged = judge(net, candidates, data.validation, f"{variant}: choosing")
    # The picture and the digit have each their own best ridge weight; of equals the first.
    per_place = list(zip(*judged, strict=True))
    for_picture = [argmax([score.r2 for score in scores]) for scores in per_place]
    for_digit = [argmax([score.right for score in scores]) for scores in per_place]
    decoders = [
        joined(candidates[picture].decoders[place], candidates[digit].decoders[place])
        for place, (picture, digit) in enumerate(zip(for_picture, for_digit, strict=True))
    ]
    chosen = Readback(basis, decoders, [])
    (scores,) = judge(net, [chosen], data.test, f"{variant}: measuring")
    about = {
        **checkpoint.fitted_to(of_net, data.sha256),
        "pictures": len(train),
        "ridges": {
            "picture": [ridges[index] for index in for_picture],
            "digit": [ridges[index] for index in for_digit],
        },
        "ceiling": round(ceiling(basis, data.test), 4),
    }
    return Readback(basis, decoders, scores), about


def principal_components(split: Split) -> Basis:
    pictures = ink.frame(split.images).flatten(1).double()
    mean = pictures.mean(0)
    centred = pictures - mean
    _, vectors = torch.linalg.eigh(centred.T @ centred)  # by rising variance
    return Basis(mean.float(), vectors[:, -RANK:].T.half().float())


def solved(
    net: ResNet, basis: Basis, split: Split, ridges: Sequence[float], title: str
) -> list[Readback]:
    """The read-back of each ridge weight, without scores."""
    moments: list[Tensor] = []  # of features, targets and 1, by place
    for pictures, labels, maps in passes(net, split, f"{title}: reading"):
        targets = torch.cat([basis.coefficients(pictures), F.one_hot(labels, DIGITS)], 1)
        for place, features in enumerate(maps):
            row = torch.cat([features.flatten(1), targets, torch.ones(len(labels), 1)], 1).double()
            if place == len(moments):
                moments.append(torch.zeros(row.shape[1], row.shape[1], dtype=torch.double))
            moments[place].addmm_(row.T, row)
    by_place = [
        ridge_regression(moment, RANK + DIGITS, ridges)
        for moment in tqdm(moments, desc=f"{title}: solving", dynamic_ncols=True)
    ]
    return [Readback(basis, list(decoders), []) for decoders in zip(*by_place, strict=True)]


def ridge_regression(moment: Tensor, targets: int, ridges: Sequence[float]) -> list[Decoder]:
    """From the sums of products of (features, targets, 1) with themselves, in float64.

    Ridge weights are relative to the features' mean variance; the offset is not penalised.
    """
    features = len(moment) - targets - 1
    moment = moment / moment[-1, -1]
    means = moment[-1, :-1]
    covariance = moment[:-1, :-1] - means.outer(means)
    of_features, with_targets = covariance[:features].split([features, targets], 1)
    variance = of_features.diagonal().mean().clamp(min=1e-12)  # a dead map has none
    decoders = []
    for ridge in ridges:
        penalised = of_features.clone()
        penalised.diagonal().add_(ridge * variance)
        factor = torch.linalg.cholesky(penalised)
        weights = torch.cholesky_solve(with_targets, factor)
        decoders.append(Decoder.rounded(weights, means[:features], means[features:]))
    return decoders


def joined(for_picture: Decoder, for_digit: Decoder) -> Decoder:
    return Decoder(
        torch.cat([for_picture.levels[:, :RANK], for_digit.levels[:, RANK:]], 1),
        torch.cat([for_picture.scale[:RANK], for_digit.scale[RANK:]]),
        torch.cat([for_picture.offset[:RANK], for_digit.offset[RANK:]]),
    )


def argmax(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


# --- measured --------------------------------------------------------------------------------


def judge(
    net: ResNet, readbacks: Sequence[Readback], split: Split, title: str
) -> list[list[Score]]:
    """The scores of each read-back at each place."""
    errors = torch.zeros(len(readbacks), len(PLACES), dtype=torch.double)
    right = torch.zeros(len(readbacks), len(PLACES), dtype=torch.long)
    for pictures, labels, maps in passes(net, split, title):
        for number, readback in enumerate(readbacks):
            read = zip(*readback.read(maps), strict=True)
            for place, (reconstructed, scores) in enumerate(read):
                errors[number, place] += (reconstructed - pictures).square().sum()
                right[number, place] += (scores.argmax(1) == labels).sum()
    r2 = (1 - errors / variation(split)).tolist()
    return [
        [Score(round(one, 4), count, len(split)) for one, count in zip(*rows, strict=True)]
        for rows in zip(r2, right.tolist(), strict=True)
    ]


def ceiling(basis: Basis, split: Split) -> float:
    """The R2 of pictures read without a fault, in the components there are."""
    pictures = ink.frame(split.images)
    nearest = basis.pictures(basis.coefficients(pictures))
    return 1 - (nearest - pictures).double().square().sum().item() / variation(split)


def variation(split: Split) -> float:
    """The sum of squared differences from the mean picture."""
    pictures = ink.frame(split.images).double()
    return (pictures - pictures.mean(0)).square().sum().item()


def passes(net: ResNet, split: Split, title: str) -> Iterator[tuple[Tensor, Tensor, list[Tensor]]]:
    """Batches of pictures (N, 1, SIDE, SIDE), their labels, and the maps they make, on the CPU."""
    starts = range(0, len(split), BATCH)
    for start in tqdm(starts, desc=title, dynamic_ncols=True):
        pictures = ink.frame(split.images[start : start + BATCH])
        with torch.inference_mode():
            maps = [features.cpu() for features in trace(net, pictures).maps]
        yield pictures, split.labels[start : start + BATCH], maps
