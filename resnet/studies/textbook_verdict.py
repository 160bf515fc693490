"""The results of the textbook's experiment: tables to print, and what they say in words."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from resnet.checkpoint import VARIANTS
from resnet.language import N_, in_a_row, listed, t
from resnet.stats import (
    SIGNIFICANT,
    Mean,
    draws,
    mean_of,
    middle_of,
    p_in_words,
    seeds_in_words,
    wilson_interval,
)
from resnet.studies.first_weights import FIRSTS, First
from resnet.studies.runs import Printed, StudyError
from resnet.studies.short_training import ShortRecipe, ShortRun, Tally
from resnet.studies.textbook import (
    BOOK,
    BOOK_STEPS,
    Pair,
    TextbookRun,
    TextbookTable,
    key_for,
    key_of,
    pairs_of,
)

BOOK_TEST = ShortRecipe().test  # digits

# By net and rate, one a seed, the same seeds in order.
Runs = Mapping[Pair, Sequence[ShortRun]]
TextbookRuns = Mapping[Pair, Sequence[TextbookRun]]


@dataclass(frozen=True)
class Gap:
    """Residual minus plain on all test digits, each net at the rate that its validation chooses."""

    rates: dict[str, float]
    percents: dict[str, float]  # of the test digits, the mean of the seeds
    low: float  # the 95 % interval of the difference in points; nan for one seed, which has none
    high: float

    @property
    def points(self) -> float:
        return self.percents["residual"] - self.percents["plain"]


def complete_runs(table: TextbookTable) -> dict[First, dict[Pair, list[TextbookRun]]]:
    """By first weights: the runs of the seeds that have them all.

    First weights that lack any of the seeds that others have are left out. Raises StudyError when
    no seed has all its runs.
    """
    runs = {key_of(run): run for run in table["runs"]}
    pairs = pairs_of(table["about"]["rates"])
    seeds = sorted({seed for seed, *_ in runs})
    whole = {
        first: [s for s in seeds if all(key_for(s, first, pair) in runs for pair in pairs)]
        for first in FIRSTS
    }
    most = max(whole.values(), key=len)
    if not most:
        raise StudyError("No seed has all its runs yet; the same command goes on.")
    return {
        first: {pair: [runs[key_for(seed, first, pair)] for seed in most] for pair in pairs}
        for first, of_first in whole.items()
        if of_first == most
    }


def chosen_rate(runs: Runs, variant: str, rates: Sequence[float]) -> float:
    """The rate at which a net reads most validation digits, over all seeds; the lowest of equals.

    Of each run it counts the weights that the run keeps, as the test does.
    """

    def merit(rate: float) -> tuple[int, float]:
        return sum(kept(run) for run in runs[variant, rate]), -rate

    return max(rates, key=merit)


def kept(run: ShortRun) -> int:
    """Validation digits that a run's best weights read right."""
    return max(run["validation"]["right"])


def percents(tallies: Iterable[Tally]) -> list[float]:
    """The accuracy of each."""
    return [100 * tally["right"] / tally["total"] for tally in tallies]


def difference(runs: Runs, rates: Mapping[str, float]) -> Mean:
    """Residual minus plain on all test digits, in points, paired by seed."""
    residual, plain = (
        percents(run["test_all"] for run in runs[name, rates[name]])
        for name in ("residual", "plain")
    )
    return mean_of([r - p for r, p in zip(residual, plain, strict=True)])


def gap(runs: Runs, rates: Sequence[float]) -> Gap:
    """Residual minus plain, with an interval that allows for the choice of the rates.

    The rates are chosen on the seeds that are then compared. So the bootstrap draws seeds with
    replacement, the same for both nets, and each time chooses the rates anew.
    """
    rates = sorted(rates)
    chosen = {variant: chosen_rate(runs, variant, rates) for variant in VARIANTS}
    mean, resampled = {}, {}
    for variant, rate in chosen.items():
        of_net = [runs[variant, rate] for rate in rates]
        right = np.array([[kept(run) for run in some] for some in of_net])  # (rates, seeds)
        test = np.array([percents(run["test_all"] for run in some) for some in of_net])
        mean[variant] = float(test[rates.index(rate)].mean())
        drawn = draws(right.shape[1])  # (resamples, seeds)
        best = (drawn @ right.T).argmax(1)  # (resamples,), the lowest rate of equals
        resampled[variant] = (drawn * test[best]).sum(1) / right.shape[1]
    low, high = middle_of(resampled["residual"] - resampled["plain"])
    if right.shape[1] == 1:
        low = high = math.nan
    return Gap(chosen, mean, low, high)


def is_ahead(found: Mean, times: int = 1) -> bool:
    """Whether residual minus plain is above 0 by more than chance explains, in one of so many
    comparisons (Bonferroni)."""
    return found.mean > 0 and found.p * times <= SIGNIFICANT


# --- as tables -------------------------------------------------------------------------------


def tables(table: TextbookTable) -> list[Printed]:
    runs, rates = complete_runs(table), table["about"]["rates"]
    return [verdict(runs, rates), fair(runs, rates), at_the_books_rates(runs), on_the_way(runs)]


def verdict(runs: Mapping[First, Runs], rates: Sequence[float]) -> Printed:
    rows = []
    for first, of_first in runs.items():
        found = gap(of_first, rates)
        row = [t(FIRSTS[first])]
        for variant, rate in found.rates.items():
            row += [
                f"{rate:g}",
                with_interval(percents(run["test_all"] for run in of_first[variant, rate])),
            ]
        rows.append([*row, in_points(found.points, found.low, found.high)])
    some = next(iter(runs.values()))["plain", rates[0]]
    return (
        t(
            "Each net at the rate that its validation digits choose, {seeds}, {test} test digits "
            "(mean of the seeds, 95 % interval; that of the difference allows for the choice of "
            "the rates)",
            seeds=seeds_in_words(len(some)),
            test=f"{some[0]['test_all']['total']:,}",
        ),
        [t("first weights"), *with_rates(), t("residual - plain, points")],
        rows,
    )


def with_rates() -> list[str]:
    """Headers of both nets, the rate first."""
    return [head for v in VARIANTS for head in (t("{net}, rate", net=t(v)), t(v))]


def fair(runs: Mapping[First, Runs], rates: Sequence[float]) -> Printed:
    some = next(iter(runs.values()))["plain", rates[0]]
    return (
        t(
            "Equal rates, {seeds}, {test} test digits (mean of the seeds, 95 % interval; p of each "
            "comparison by itself, of {all})",
            seeds=seeds_in_words(len(some)),
            test=f"{some[0]['test_all']['total']:,}",
            all=len(runs) * len(rates),
        ),
        [t("first weights"), t("rate"),
         *(t(what, net=t(v)) for v in VARIANTS for what in (OF_VALIDATION, OF_TEST)),
         t("residual - plain, points"), "p"],
        [
            [t(FIRSTS[first]), *fair_row(of_first, rate)]
            for first, of_first in runs.items()
            for rate in rates
        ],
    )  # fmt: skip


OF_VALIDATION, OF_TEST = N_("{net}, validation"), N_("{net}, test")


def fair_row(runs: Runs, rate: float) -> list[str]:
    row = [f"{rate:g}"]
    for variant in VARIANTS:
        of_net = runs[variant, rate]
        right = statistics.fmean(kept(run) / run["validation"]["total"] for run in of_net)
        row += [f"{right:.1%}", with_interval(percents(run["test_all"] for run in of_net))]
    found = difference(runs, dict.fromkeys(VARIANTS, rate))
    p = t("one seed") if found.count == 1 else p_in_words(found.p).removeprefix("= ")
    return [*row, in_points(found.mean, found.low, found.high), p]


def at_the_books_rates(runs: Mapping[First, TextbookRuns]) -> Printed:
    rows = []
    for name, reported in BOOK.items():
        low, high = wilson_interval(round(reported.accuracy * BOOK_TEST), BOOK_TEST)
        accuracy = f"{reported.accuracy:.1%} ({100 * low:.1f} - {100 * high:.1f})"
        rows.append([t(name), f"{reported.rate:g}", t("the book's one run"), accuracy, "", "", "",
                     f"{reported.loss:.2f}"])  # fmt: skip
        for first, of_first in runs.items():
            some = of_first[name, reported.rate]
            few = percents(run["test"] for run in some)
            many = percents(run["test_all"] for run in some)
            whose = t(FIRSTS[first]) if name in VARIANTS else t("its own")
            rows.append([t(name), f"{reported.rate:g}", whose, with_interval(few), span(few),
                         with_interval(many), span(many), mean_loss(some)])  # fmt: skip
            if name not in VARIANTS:  # the same runs from all first weights
                break
    (one, *_), *_ = (of_first["plain", BOOK["plain"].rate] for of_first in runs.values())
    test, test_all = one["test"]["total"], one["test_all"]["total"]
    seeds = len(next(iter(runs.values()))["plain", BOOK["plain"].rate])
    title = t(
        "At the book's rates, on its data, in its 80 steps, {seeds}: test accuracy (95 % interval; "
        "the book's is that of {book} digits, ours that of the mean over seeds)",
        seeds=seeds_in_words(seeds),
        book=BOOK_TEST,
    )
    few, all_of = t("of {n}", n=test), t("of {n}", n=f"{test_all:,}")
    headers = [t("net"), t("rate"), t("first weights"), few, t("least - most"), all_of,
               t("least - most"), t("loss on {n}", n=test)]  # fmt: skip
    return title, headers, rows


def on_the_way(runs: Mapping[First, TextbookRuns]) -> Printed:
    some = next(iter(runs.values()))
    steps = some["plain", BOOK["plain"].rate][0]["validation"]["step"]
    rows = []
    for name, reported in BOOK.items():
        theirs = dict(zip(BOOK_STEPS, reported.validation, strict=True))
        book = [f"{theirs[step]:.1%}" if step in theirs else "-" for step in steps]
        rows.append([t(name), t("the book's one run"), *book])
        for first, of_first in runs.items():
            course = [run["validation"] for run in of_first[name, reported.rate]]
            means = [
                f"{statistics.fmean(one['right'][i] / one['total'] for one in course):.1%}"
                for i in range(len(steps))
            ]
            whose = t(FIRSTS[first]) if name in VARIANTS else t("its own")
            rows.append([t(name), whose, *means])
            if name not in VARIANTS:
                break
    headers = [t("net"), t("first weights"), *(t("step {n}", n=step) for step in steps)]
    return t("The same runs on the way: validation accuracy"), headers, rows


def in_points(points: float, low: float, high: float) -> str:
    """A difference with its interval, where it has one."""
    if math.isnan(low):
        return f"{points:+.2f}"
    return t(
        "{median} ({low} to {high})",
        median=f"{points:+.2f}",
        low=f"{low:+.2f}",
        high=f"{high:+.2f}",
    )


def with_interval(percents: Sequence[float]) -> str:
    found = mean_of(percents)
    if math.isnan(found.low):
        return f"{found.mean:.1f}%"
    return f"{found.mean:.1f}% ({found.low:.1f} - {found.high:.1f})"


def span(percents: Sequence[float]) -> str:
    return f"{min(percents):.1f} - {max(percents):.1f}"


def mean_loss(runs: Sequence[TextbookRun]) -> str:
    """On the book's few test digits; a run whose loss is no number leaves no mean."""
    losses = [run["test"]["loss"] for run in runs]
    finite = [loss for loss in losses if loss is not None]
    return t("none") if len(finite) < len(losses) else f"{statistics.fmean(finite):.2f}"


# --- in words --------------------------------------------------------------------------------


def sentences(table: TextbookTable) -> list[str]:
    """The finding, then what it rests on."""
    return [headline(table), *details(table)]


def headline(table: TextbookTable) -> str:
    """One sentence on which net reads more, as all first weights measured have it."""
    runs, rates = complete_runs(table), table["about"]["rates"]
    gaps = {first: gap(of_first, rates) for first, of_first in runs.items()}
    some = next(iter(runs.values()))["plain", rates[0]]
    first, *others = gaps.values()
    said = {"steps": len(some[0]["loss"]), "kinds": len(gaps), "both": both_nets(first)}
    if len(some) == 1:
        return t("One seed tells nothing apart: after {steps} steps {both}.", **said)
    ahead = {who_is_ahead(one) for one in gaps.values()}
    if len(ahead) > 1:
        each = [
            t("from {first} {said}", first=t(FIRSTS[one]), said=said_of(gaps[one])) for one in gaps
        ]
        return t("After {steps} steps, by first weights: {each}.", **said, each=t("; ").join(each))
    if ahead == {None}:
        return t(APART_OF_ALL if others else APART_OF_ONE, **said)
    if not others:
        return t("After {steps} steps {both}.", **said)
    points = listed([f"{abs(one.points):.1f}" for one in gaps.values()])
    return t(MORE if first.points > 0 else FEWER, **said, points=points)


SIDES = {"residual": N_("with shortcuts"), "plain": N_("without")}  # a net in a sentence
APART_OF_ALL = N_(
    "After {steps} steps the nets cannot be told apart, from each of {kinds} kinds of first "
    "weights."
)
APART_OF_ONE = N_("After {steps} steps the nets cannot be told apart: {both}.")
MORE = N_(
    "After {steps} steps the net with shortcuts reads more test digits than the one without, from "
    "each of {kinds} kinds of first weights: {points} of 100 more."
)
FEWER = N_(
    "After {steps} steps the net with shortcuts reads fewer test digits than the one without, from "
    "each of {kinds} kinds of first weights: {points} of 100 fewer."
)


def who_is_ahead(found: Gap) -> str | None:
    """The net that reads more by more than chance explains."""
    if found.low > 0:
        return "residual"
    return "plain" if found.high < 0 else None


def said_of(found: Gap) -> str:
    net = who_is_ahead(found)
    if net is None:
        return t("the nets cannot be told apart")
    points = f"{abs(found.points):.1f}"
    return t("the net {side} reads {points} of 100 digits more", side=t(SIDES[net]), points=points)


def both_nets(found: Gap) -> str:
    read = {variant: f"{percent:.1f}" for variant, percent in found.percents.items()}
    return t(
        "the net with shortcuts reads {residual} of 100 test digits, the one without {plain}",
        **read,
    )


def details(table: TextbookTable) -> list[str]:
    """What the finding rests on: figures by first weights, how they came about, what is missing."""
    runs, rates = complete_runs(table), table["about"]["rates"]
    some = next(iter(runs.values()))["plain", rates[0]]
    found = [detail(first, gap(of_first, rates)) for first, of_first in runs.items()]
    missing = [t(FIRSTS[first]) for first in FIRSTS if first not in runs]
    if missing:
        found.append(t("From {first} first weights it is not measured yet.", first=listed(missing)))
    how = t(
        "Means of {seeds} on {test} test digits, each net at the rate, of {rates}, that its "
        "{validation} validation digits choose.",
        seeds=seeds_in_words(len(some)),
        test=f"{some[0]['test_all']['total']:,}",
        rates=len(rates),
        validation=some[0]["validation"]["total"],
    )
    if len(some) > 1:
        drawn = t(
            "The intervals come from drawing the seeds anew and choosing the rates each time."
        )
        how = in_a_row([how, drawn])
    return [*found, how, *at_the_end_of_the_grid(runs, rates)]


def detail(first: First, found: Gap) -> str:
    read, rates = found.percents, found.rates
    points = t("{points} points", points=f"{found.points:+.2f}")
    if not math.isnan(found.low):
        points = t(
            "{points} (95 % interval {low} to {high})",
            points=points,
            low=f"{found.low:+.2f}",
            high=f"{found.high:+.2f}",
        )
    return t(
        "From {first} first weights: with shortcuts {residual} % at rate {rate}, without {plain} % "
        "at {other}; difference {points}.",
        first=t(FIRSTS[first]),
        residual=f"{read['residual']:.2f}",
        rate=f"{rates['residual']:g}",
        plain=f"{read['plain']:.2f}",
        other=f"{rates['plain']:g}",
        points=points,
    )


def at_the_end_of_the_grid(runs: Mapping[First, Runs], rates: Sequence[float]) -> list[str]:
    """Which chosen rates might give way to one beyond those tried."""
    return [
        t(
            "From {first} first weights the best rate {side}, {rate}, is at the end of those "
            "tried: there may be a better one beyond.",
            first=t(FIRSTS[first]),
            side=t(SIDES[variant]),
            rate=f"{rate:g}",
        )
        for first, of_first in runs.items()
        for variant, rate in gap(of_first, rates).rates.items()
        if rate in (min(rates), max(rates))
    ]
