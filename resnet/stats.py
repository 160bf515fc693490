"""Student's t for a handful of measurements: the 95 % interval of a mean, the p of a difference.

Student: The probable error of a mean, Biometrika 6 (1908). For whole degrees of freedom the
distribution is a finite sum, so nothing beyond the standard library is needed.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Mean:
    count: int
    mean: float
    low: float  # the 95 % interval of the mean; nan for a single value, which has none
    high: float
    p: float  # two-sided, of a true mean of 0; nan for a single value


def mean_of(values: Sequence[float]) -> Mean:
    """Of differences within pairs, p is that of the paired t-test."""
    mean = statistics.fmean(values)
    if len(values) == 1:
        return Mean(1, mean, math.nan, math.nan, math.nan)
    error = statistics.stdev(values) / math.sqrt(len(values))
    half = quantile(len(values) - 1) * error
    if error == 0:  # all alike
        return Mean(len(values), mean, mean, mean, float(mean == 0))
    p = two_sided(mean / error, len(values) - 1)
    return Mean(len(values), mean, mean - half, mean + half, p)


def two_sided(t: float, freedom: int) -> float:
    """The chance of a value at least as far from 0 as t, with so many degrees of freedom.

    Abramowitz and Stegun: Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    angle = math.atan(abs(t) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0
    for n in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * n / (n + 1)
    inside = (angle + sine * total) * 2 / math.pi if odd else sine * total
    return max(0.0, 1.0 - inside)


def quantile(freedom: int, chance: float = 0.05) -> float:
    """The t that values lie at least as far from 0 as with this chance."""
    low, high = 0.0, 1.0
    while two_sided(high, freedom) > chance:
        high *= 2
    for _ in range(60):  # halvings: all the digits of a float
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided(middle, freedom) > chance else (low, middle)
    return high


def seeds_in_words(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"
