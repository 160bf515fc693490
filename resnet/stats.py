"""The statistics that stand beside the figures: intervals, p values, and both in words."""

import functools
import math
import statistics
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from scipy import special  # a tenth of a second to import; scipy.stats takes one

from resnet.language import tn

SIGNIFICANT = 0.05  # a p above it tells nothing apart
RESAMPLES = 10_000  # of a bootstrap

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Mean:
    count: int
    mean: float
    low: float  # the 95 % interval of the mean; nan for a single value, which has none
    high: float
    p: float  # two-sided, of a true mean of 0; nan for a single value


def mean_of(values: Sequence[float]) -> Mean:
    """The mean with Student's interval (Biometrika 6, 1908); values must not be empty.

    Of differences within pairs, p is that of the paired t-test.
    """
    mean = statistics.fmean(values)
    if len(values) == 1:
        return Mean(1, mean, math.nan, math.nan, math.nan)
    error = statistics.stdev(values) / math.sqrt(len(values))
    if error == 0:  # all alike
        return Mean(len(values), mean, mean, mean, float(mean == 0))
    freedom = len(values) - 1
    half = float(special.stdtrit(freedom, 0.975)) * error
    p = 2 * float(special.stdtr(freedom, -abs(mean) / error))
    return Mean(len(values), mean, mean - half, mean + half, p)


@functools.cache
def draws(count: int) -> np.ndarray:
    """How often each of so many cases is drawn in a resample of the bootstrap: (RESAMPLES, count).

    Each row sums to count. The same at every call, so that an interval is the same in every run.
    """
    return np.random.default_rng(0).multinomial(count, [1 / count] * count, RESAMPLES)


def middle_of(values: np.ndarray) -> tuple[float, float]:
    """The bounds of the middle 95 % of a statistic's resamples.

    Efron, Bootstrap methods, Annals of Statistics 7 (1979).
    """
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): sensible near 100 %, where +-2 sigma is not."""
    z = float(special.ndtri(0.975))
    share = right / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (middle - spread) / (1 + z * z / total), (middle + spread) / (1 + z * z / total)


def mcnemar(b: int, c: int) -> float:
    """The exact two-sided p of McNemar's test (Psychometrika 12, 1947), from 0 to 1.

    b and c count the digits that only one net reads right. Were the nets equally good, each of
    them would fall to either net like a fair coin.
    """
    return min(1.0, 2 * float(special.bdtr(min(b, c), b + c, 0.5)))


def holm(ps: Sequence[float]) -> list[float]:
    """p values corrected for their number (Holm, Scandinavian Journal of Statistics 6, 1979).

    In order, each from 0 to 1: where there is no difference at all, the chance that any of them
    falls to 0.05 is 0.05 at most. scipy has no such function.
    """
    corrected, least = [0.0] * len(ps), 0.0
    for done, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        least = max(least, min(1.0, (len(ps) - done) * ps[place]))
        corrected[place] = least
    return corrected


def corrected(means: Mapping[Key, Mean]) -> dict[Key, Mean]:
    """The same, each p corrected for the number of those that have one."""
    tested = {key: found.p for key, found in means.items() if found.count > 1}
    ps = dict(zip(tested, holm([*tested.values()]), strict=True))
    return {key: replace(found, p=ps.get(key, found.p)) for key, found in means.items()}


def p_in_words(p: float) -> str:
    """p as "= 0.62"; a small one with the decimals that its side of 0.05 needs."""
    if p < 0.001:
        return "< 0.001"
    return f"= {p:.2f}" if p >= 0.1 else f"= {p:.3f}"


def seeds_in_words(count: int) -> str:
    return tn("{n} seed", "{n} seeds", count)
