"""Both nets on the same test digits: which of them only one reads right, and what that proves.

All of it stands in the checkpoints: besides its score each keeps which test digits its net misread
and what it said there. No net is run here, and MNIST is needed only to look at the digits.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resnet import mnist
from resnet.checkpoint import VARIANTS, About
from resnet.language import N_, t
from resnet.stats import SIGNIFICANT, mcnemar, p_in_words, wilson_interval

NAMES = N_("residual"), N_("plain")
SAME = N_(
    "On these {total} digits the nets cannot be told apart: both read exactly the same ones right "
    "(McNemar exact p {p})."
)
ALIKE = N_(
    "On these {total} digits the nets cannot be told apart: {more} that only the {better} net "
    "reads, {fewer} that only the {worse} one reads (McNemar exact p {p})."
)
APART = N_(
    "On these {total} digits the {better} net reads more than the {worse} one: {more} that only "
    "the {better} net reads, {fewer} that only the {worse} one reads (McNemar exact p {p})."
)


class ComparisonError(Exception):
    """The nets cannot be compared; the message says why, in one sentence."""


@dataclass(frozen=True)
class Case:
    """A test digit that at least one of the nets misreads."""

    index: int  # in MNIST's test file
    said: dict[str, int | None]  # variant -> what it says, None where that is the label


@dataclass(frozen=True)
class Comparison:
    total: int  # test digits, the same for both nets
    mistakes: dict[str, dict[int, int]]  # variant -> index of a misread digit -> what it says there
    data_sha256: str  # of the data that hold these digits

    def right(self, variant: str) -> int:
        return self.total - len(self.mistakes[variant])

    def interval(self, variant: str) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return wilson_interval(self.right(variant), self.total)

    def only(self, variant: str) -> list[Case]:
        """The digits that this net reads right and the other does not."""
        (other,) = set(VARIANTS) - {variant}
        return self.cases(self.mistakes[other].keys() - self.mistakes[variant].keys())

    @property
    def neither(self) -> list[Case]:
        """The digits that both nets misread."""
        return self.cases(set.intersection(*map(set, self.mistakes.values())))

    @property
    def both(self) -> int:
        """How many digits both nets read right."""
        return self.total - len(set.union(*map(set, self.mistakes.values())))

    @property
    def p(self) -> float:
        return mcnemar(*(len(self.only(variant)) for variant in VARIANTS))

    def cases(self, indices: set[int]) -> list[Case]:
        return [
            Case(index, {variant: self.mistakes[variant].get(index) for variant in VARIANTS})
            for index in sorted(indices)
        ]


def compare(abouts: Mapping[str, About]) -> Comparison:
    """Compare the nets by the metadata of their checkpoints. Raises ComparisonError."""
    missing = [variant for variant in VARIANTS if variant not in abouts]
    if missing:
        raise ComparisonError(
            t(
                "The nets cannot be compared: the {variant} one is not loaded.",
                variant=t(missing[0]),
            )
        )
    mistakes = {variant: mistakes_of(abouts[variant], variant) for variant in VARIANTS}
    first, second = (
        (abouts[variant]["test"]["total"], abouts[variant].get("data_sha256"))
        for variant in VARIANTS
    )
    if first != second:
        raise ComparisonError(
            t("The nets cannot be compared: they were measured on different data.")
        )
    total, data_sha256 = first
    return Comparison(total, mistakes, str(data_sha256))


def mistakes_of(about: About, variant: str) -> dict[int, int]:
    """Index of a misread test digit -> what the net says there. Raises ComparisonError."""
    if "mistakes" not in about:
        raise ComparisonError(
            t(
                "The nets cannot be compared: the checkpoint of the {variant} one does not say "
                "which digits it misreads.",
                variant=t(variant),
            )
        )
    match about:
        case {
            "test": {"right": int(right), "total": int(total)},
            "mistakes": {"index": list(index), "said": list(said)},
        } if (
            len(index) == len(said) == total - right
            and total > 0
            and are_whole(index, total)
            and are_whole(said, 10)
            and index == sorted(set(index))
        ):
            return dict(zip(index, said, strict=True))
    raise ComparisonError(
        t(
            "The nets cannot be compared: the checkpoint of the {variant} one lists mistakes that "
            "do not fit its score.",
            variant=t(variant),
        )
    )


def are_whole(values: list[Any], end: int) -> bool:
    """All whole numbers from 0 to below the end; True and 1.0 are none."""
    return all(type(value) is int and 0 <= value < end for value in values)


def finding(comparison: Comparison) -> str:
    """The result of the comparison, in one sentence."""
    counts = {variant: len(comparison.only(variant)) for variant in VARIANTS}
    better, worse = sorted(VARIANTS, key=lambda variant: -counts[variant])
    differing = ALIKE if comparison.p > SIGNIFICANT else APART
    return t(
        differing if any(counts.values()) else SAME,
        total=f"{comparison.total:,}",
        better=t(better),
        worse=t(worse),
        more=f"{counts[better]:,}",
        fewer=f"{counts[worse]:,}",
        p=p_in_words(comparison.p),
    )


@functools.cache  # it takes a second; what raises is tried anew
def measured_digits(folder: Path, data_sha256: str) -> mnist.Split:
    """The test digits that the nets were measured on.

    Raises DataError when the folder's data are missing, broken or others than those.
    """
    data = mnist.load(folder)
    if data.sha256 != data_sha256:
        raise mnist.DataError(f"{folder}: not the data that the nets were measured on")
    return data.test
