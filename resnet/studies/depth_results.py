"""The results of the study of depth: both nets of every case, as far as it is measured."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resnet.checkpoint import VARIANTS
from resnet.stats import Mean, corrected, mean_of
from resnet.studies.depth import Case, DepthRun, DepthTable, When, case_of, cases_of, rates_of
from resnet.studies.gradients import Gradients
from resnet.studies.runs import StudyError
from resnet.studies.shares import Shares
from resnet.studies.short_training import ShortRun
from resnet.studies.textbook import Pair
from resnet.studies.textbook_verdict import chosen_rate, percents


@dataclass(frozen=True)
class Accuracy:
    """Of one net of a case, at the rate that its validation digits choose."""

    rate: float
    percents: list[float]  # of the test digits, a seed each
    diverged: int  # seeds whose loss ended as no finite number; such a net only says 0

    @property
    def mean(self) -> Mean:
        return mean_of(self.percents)

    @property
    def is_constant(self) -> bool:
        """Whether every seed is right equally often, as nets are that always say one digit."""
        return len(self.percents) > 1 and len(set(self.percents)) == 1


@dataclass(frozen=True)
class Result:
    """A case, as far as it is measured."""

    seeds: list[int]  # those that have all their runs
    tried: dict[Pair, list[DepthRun]]  # by net and rate, a seed each
    rates: dict[str, float]  # that each net's validation digits choose

    @property
    def runs(self) -> dict[str, list[DepthRun]]:
        """Those of each net at its chosen rate: all that follows is of them."""
        return {variant: self.tried[variant, rate] for variant, rate in self.rates.items()}

    @property
    def accuracy(self) -> dict[str, Accuracy]:
        return {
            variant: accuracy_of(runs, self.rates[variant]) for variant, runs in self.runs.items()
        }

    @property
    def gap(self) -> Mean:
        """With shortcuts minus without, in points, paired by seed; its p stands for itself."""
        residual, plain = (self.accuracy[variant].percents for variant in ("residual", "plain"))
        return mean_of([r - p for r, p in zip(residual, plain, strict=True)])

    def gradient(self, when: When) -> dict[str, Gradients]:
        """Of the stem, every unit, the head: the median over the seeds.

        None where some seed's is no finite number.
        """
        return {
            variant: medians([run["gradient"][when] for run in runs])
            for variant, runs in self.runs.items()
        }

    @property
    def share(self) -> Shares:
        """f's share in every unit with a shortcut, before the first step: the median over seeds."""
        return medians([run["share"] for run in self.runs["residual"]])

    def training_loss(self, epochs: int) -> dict[str, Mean | None]:
        """Over the last of so many epochs, the mean over the seeds; None where a run diverged."""
        found: dict[str, Mean | None] = {}
        for variant, runs in self.runs.items():
            lasts = [run["loss"][-(len(run["loss"]) // epochs) :] for run in runs]
            finite = [[loss for loss in last if loss is not None] for last in lasts]
            is_whole = finite == lasts
            found[variant] = mean_of([*map(statistics.fmean, finite)]) if is_whole else None
        return found


Results = Mapping[Case, Result]


def results(table: DepthTable) -> dict[Case, Result]:
    """The results of each case, in the order of the tables, over the seeds whose runs of it are all
    stored. A case without such a seed is left out. Raises StudyError when no case is left."""
    runs: dict[Case, dict[tuple[int, str, float], DepthRun]] = {}
    for run in table["runs"]:
        runs.setdefault(case_of(run), {})[run["seed"], run["net"], run["rate"]] = run
    about = table["about"]
    found = {}
    for case in cases_of(about["depths"]):
        of_case, rates = runs.get(case, {}), rates_of(case, about["rates"])
        seeds = [
            seed
            for seed in sorted({seed for seed, *_ in of_case})
            if all((seed, variant, rate) in of_case for variant in VARIANTS for rate in rates)
        ]
        if not seeds:
            continue
        tried = {
            (variant, rate): [of_case[seed, variant, rate] for seed in seeds]
            for variant in VARIANTS
            for rate in rates
        }
        chosen = {variant: chosen_rate(tried, variant, rates) for variant in VARIANTS}
        found[case] = Result(seeds, tried, chosen)
    if not found:
        raise StudyError("No seed has all its runs yet; the same command goes on.")
    return found


def gaps(found: Results) -> dict[Case, Mean]:
    """Of every case, each p corrected for their number; nan where there is one seed."""
    return corrected({case: result.gap for case, result in found.items()})


def accuracy_of(runs: Sequence[ShortRun], rate: float) -> Accuracy:
    """Of runs at one rate, a seed each."""
    diverged = sum(run["loss"][-1] is None for run in runs)
    return Accuracy(rate, percents(run["test_all"] for run in runs), diverged)


def by_depth(found: Results, has_norm: bool, is_live: bool = False) -> dict[int, Result]:
    """Of the narrow nets, the shallowest first."""
    return {
        case.depth: result
        for case, result in found.items()
        if case == Case(case.depth, has_norm, is_live)
    }


def medians(rows: Sequence[Sequence[float | None]]) -> list[float | None]:
    return [median(values) for values in zip(*rows, strict=True)]


def median(values: Sequence[float | None]) -> float | None:
    finite = [value for value in values if value is not None]
    return statistics.median(finite) if len(finite) == len(values) else None
