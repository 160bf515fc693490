"""The results of the study of depth: numbers for the page, tables to print, and sentences."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resnet.checkpoint import VARIANTS
from resnet.stats import SIGNIFICANT, Mean, mean_of, p_in_words, seeds_in_words
from resnet.studies.depth import DepthRun, DepthTable, When, key_of
from resnet.studies.gradients import Gradients, rounded, times
from resnet.studies.runs import Printed, StudyError
from resnet.studies.textbook import Pair
from resnet.studies.textbook_verdict import chosen_rate, difference, percents, with_interval

NORMS = {True: "with batch norm", False: "without batch norm"}
WHEN: dict[When, str] = {
    "start": "before the first step",
    "live": "before the first step, were only live taps counted",
    "end": "after the last step",
}
LAST = " (of the last weights; the accuracies are of the best on validation)"
GUESSING = 10.0  # percent right of a net that says any digit
ONLY_ONES = 11.35  # percent of MNIST's test digits are a 1, the most frequent; more is no guess


@dataclass(frozen=True)
class Accuracy:
    """Of one net at one depth, at the rate that its validation digits choose."""

    rate: float
    percents: list[float]  # of the test digits, a seed each
    diverged: int  # seeds whose loss ended as no finite number; such a net only says 0

    @property
    def mean(self) -> Mean:
        return mean_of(self.percents)


def whole_seeds(table: DepthTable) -> list[int]:
    """The seeds that have all their runs. Raises StudyError when there is none."""
    about = table["about"]
    keys = {key_of(run) for run in table["runs"]}
    each = list(itertools.product(VARIANTS, about["depths"], NORMS, about["rates"]))
    seeds = sorted({seed for seed, *_ in keys})
    whole = [seed for seed in seeds if all((seed, *case) in keys for case in each)]
    if not whole:
        raise StudyError("No seed has all its runs yet; the same command goes on.")
    return whole


def runs_at(table: DepthTable, depth: int, has_norm: bool) -> dict[Pair, list[DepthRun]]:
    """Of the whole seeds, in order: by net and rate."""
    runs = {key_of(run): run for run in table["runs"]}
    seeds = whole_seeds(table)
    return {
        (variant, rate): [runs[seed, variant, depth, has_norm, rate] for seed in seeds]
        for variant in VARIANTS
        for rate in table["about"]["rates"]
    }


def rates_at(table: DepthTable, depth: int, has_norm: bool) -> dict[str, float]:
    """The rate that each net's validation digits choose."""
    runs = runs_at(table, depth, has_norm)
    return {variant: chosen_rate(runs, variant, table["about"]["rates"]) for variant in VARIANTS}


def accuracy(table: DepthTable, depth: int, has_norm: bool) -> dict[str, Accuracy]:
    runs = runs_at(table, depth, has_norm)
    found = {}
    for variant, rate in rates_at(table, depth, has_norm).items():
        chosen = runs[variant, rate]
        diverged = sum(run["loss"][-1] is None for run in chosen)
        found[variant] = Accuracy(rate, percents(run["test_all"] for run in chosen), diverged)
    return found


def gap(table: DepthTable, depth: int, has_norm: bool) -> Mean:
    """Residual minus plain in points, paired by seed, each at its chosen rate."""
    return difference(runs_at(table, depth, has_norm), rates_at(table, depth, has_norm))


def gradient(table: DepthTable, depth: int, has_norm: bool, when: When) -> dict[str, Gradients]:
    """Of the stem, every unit, the head: the median over the seeds, at each net's chosen rate.

    `when` is one of WHEN. None where some seed's is no finite number.
    """
    runs = runs_at(table, depth, has_norm)
    return {
        variant: [
            median(values)
            for values in zip(*(run["gradient"][when] for run in runs[variant, rate]), strict=True)
        ]
        for variant, rate in rates_at(table, depth, has_norm).items()
    }


def median(values: Sequence[float | None]) -> float | None:
    finite = [value for value in values if value is not None]
    return statistics.median(finite) if len(finite) == len(values) else None


def growth(table: DepthTable, has_norm: bool, when: When) -> dict[str, float | None]:
    """The stem's gradient in the deepest net, over that in the shallowest; None where lost."""
    depths = table["about"]["depths"]
    first, last = (gradient(table, depth, has_norm, when) for depth in (depths[0], depths[-1]))
    return {variant: ratio(last[variant][0], first[variant][0]) for variant in VARIANTS}


def ratio(value: float | None, to: float | None) -> float | None:
    return None if value is None or not to else value / to


# --- as text ---------------------------------------------------------------------------------


def tables(table: DepthTable) -> list[Printed]:
    return [accuracies(table), *(gradient_table(table, when) for when in WHEN)]


def accuracies(table: DepthTable) -> Printed:
    rows = []
    for has_norm, depth in itertools.product(NORMS, table["about"]["depths"]):
        found = accuracy(table, depth, has_norm)
        row = [str(depth), "yes" if has_norm else "no"]
        for variant in VARIANTS:
            row += [f"{found[variant].rate:g}", in_words(found[variant])]
        rows.append([*row, *gap_in_words(found, gap(table, depth, has_norm))])
    test = table["runs"][0]["test_all"]["total"]
    seeds = seeds_in_words(len(whole_seeds(table)))
    return (
        f"Accuracy by depth, {table['about']['width']} channels in the first stage, {seeds}, "
        f"{test:,} test digits (mean, 95 % interval), each at the rate that validation chooses",
        ["layers", "batch norm", *(f"{v}{what}" for v in VARIANTS for what in (", rate", "")),
         "residual - plain, points", "p"],
        rows,
    )  # fmt: skip


def in_words(net: Accuracy) -> str:
    if not net.diverged:
        return with_interval(net.percents)
    return f"{with_interval(net.percents)}, {net.diverged} of {len(net.percents)} diverged"


def gap_in_words(nets: Mapping[str, Accuracy], found: Mean) -> list[str]:
    if found.count == 1:
        return [f"{found.mean:+.1f}", "one seed"]
    interval = f"{found.mean:+.1f} ({found.low:+.1f} to {found.high:+.1f})"
    return [interval, "both guess" if both_guess(nets) else p_in_words(found.p).removeprefix("= ")]


def both_guess(nets: Mapping[str, Accuracy]) -> bool:
    """Then the difference is that of two digits said whatever is shown, and its p says nothing."""
    return all(net.mean.mean <= ONLY_ONES for net in nets.values())


def gradient_table(table: DepthTable, when: When) -> Printed:
    rows = []
    for has_norm, depth in itertools.product(NORMS, table["about"]["depths"]):
        for variant, values in gradient(table, depth, has_norm, when).items():
            rows.append(
                [
                    str(depth),
                    "yes" if has_norm else "no",
                    variant,
                    *(rounded(values[place]) for place in (0, 1, -2, -1)),
                ]
            )
    seeds = seeds_in_words(len(whole_seeds(table)))
    return (
        f"Gradients {WHEN[when]}{LAST if when == 'end' else ''}: root mean square over a place's "
        f"weights, median of {seeds}",
        ["layers", "batch norm", "net", "stem", "first unit", "last unit", "head"],
        rows,
    )


def sentences(table: DepthTable) -> list[str]:
    """The findings, as the figures have them."""
    return [
        *(falling(table, has_norm) for has_norm in NORMS),
        flow(table, True, "start"),
        first_weights(table),
        *at_the_end_of_the_grid(table),
    ]


def heading(table: DepthTable) -> str:
    """Who is surely ahead with batch norm, at the least depth and where most; or where that is."""
    depths = table["about"]["depths"]
    gaps = {depth: gap(table, depth, True) for depth in depths}
    widest = max(gaps, key=lambda depth: abs(gaps[depth].mean))
    first, most = gaps[depths[0]], gaps[widest]
    is_sure = first.count > 1 and max(first.p, most.p) <= SIGNIFICANT
    if widest == depths[0] or first.mean * most.mean <= 0 or not is_sure:
        return f"With batch norm the nets lie furthest apart at {widest} layers"
    ahead = "residual" if most.mean > 0 else "plain"
    return (
        f"With batch norm the {ahead} net is {abs(first.mean):.0f} points ahead at {depths[0]} "
        f"layers and {abs(most.mean):.0f} at {widest}"
    )


def falling(table: DepthTable, has_norm: bool) -> str:
    """How both nets' accuracy changes from the shallowest to the deepest."""
    depths = table["about"]["depths"]
    first, last = (accuracy(table, depth, has_norm) for depth in (depths[0], depths[-1]))
    changes = " and ".join(
        f"the {variant} net goes from {first[variant].mean.mean:.1f} to "
        f"{last[variant].mean.mean:.1f} %{diverged(last[variant])}"
        for variant in VARIANTS
    )
    return (
        f"{capital(NORMS[has_norm])}, from {depths[0]} to {depths[-1]} layers, {changes}; at "
        f"{depths[-1]} {apart(last, gap(table, depths[-1], has_norm))}."
    )


def diverged(net: Accuracy) -> str:
    if not net.diverged:
        return ""
    if net.diverged == len(net.percents):
        return " (every training diverges)"
    return f" ({net.diverged} of {len(net.percents)} trainings diverge)"


def apart(nets: Mapping[str, Accuracy], found: Mean) -> str:
    """Whether a depth tells the nets apart."""
    if found.count == 1:
        return "one seed tells nothing apart"
    if both_guess(nets):
        return "neither reads more than guessing would"
    if found.p > SIGNIFICANT:
        return f"they cannot be told apart (p {p_in_words(found.p)})"
    ahead = "residual" if found.mean > 0 else "plain"
    low, high = sorted((abs(found.low), abs(found.high)))
    return (
        f"the {ahead} net is {abs(found.mean):.1f} points ahead (95 % interval {low:.1f} to "
        f"{high:.1f}, p {p_in_words(found.p)})"
    )


def at_the_end_of_the_grid(table: DepthTable) -> list[str]:
    """A word on cases that a rate beyond the grid might suit better; none where there is none."""
    about = table["about"]
    chosen = [
        rate
        for has_norm, depth in itertools.product(NORMS, about["depths"])
        for rate in rates_at(table, depth, has_norm).values()
    ]
    ends = [rate for rate in chosen if rate in (min(about["rates"]), max(about["rates"]))]
    if not ends:
        return []
    return [
        f"In {len(ends)} of {len(chosen)} cases the chosen rate is the least or the largest of "
        "those tried: there may be a better one beyond."
    ]


def flow(table: DepthTable, has_norm: bool, when: When) -> str:
    """One sentence on how depth changes the gradient that arrives at the stem."""
    depths = table["about"]["depths"]
    ways = "; ".join(
        f"in the {variant} net it {fate(found)}"
        for variant, found in growth(table, has_norm, when).items()
    )
    return (
        f"{capital(NORMS[has_norm])}, {WHEN[when]}, the stem's gradient from {depths[0]} to "
        f"{depths[-1]} layers: {ways}."
    )


def first_weights(table: DepthTable) -> str:
    """How much of it is due to the first weights, not to depth: see depth.enlarged."""
    return (
        f"{flow(table, False, 'start')} The first weights count taps that meet padding, as most do "
        f"on small maps. {flow(table, False, 'live')}"
    )


def fate(found: float | None) -> str:
    """Of a gradient that is so many times as large as in the shallowest net."""
    if found is None:
        return "is no finite number any more"
    return f"becomes {times(found)} as large"


def capital(text: str) -> str:
    return text[0].upper() + text[1:]
