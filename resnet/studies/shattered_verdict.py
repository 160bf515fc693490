"""The results of the study of nudged digits: numbers for the page, a table, and sentences."""

import itertools
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from resnet.checkpoint import VARIANTS
from resnet.language import N_, t
from resnet.stats import seeds_in_words
from resnet.studies.runs import Printed, StudyError
from resnet.studies.shattered import ShatteredTable

# A cosine in words, by the least that earns them.
WORDS = (
    (0.8, N_("nearly the same")),
    (0.5, N_("alike")),
    (0.2, N_("loosely related")),
    (-0.2, N_("unrelated")),
    (-1.0, N_("rather opposed")),
)
NETS = {"residual": N_("with shortcuts"), "plain": N_("without")}


@dataclass(frozen=True)
class Likeness:
    """The cosines of one net at one depth and nudge, of each seed the median over its digits."""

    median: float
    low: float
    high: float


def whole_seeds(table: ShatteredTable) -> list[int]:
    """The seeds that have all their runs. Raises StudyError when there is none."""
    depths = set(table["about"]["depths"])
    found: dict[int, set[int]] = {}
    for run in table["runs"]:
        found.setdefault(run["seed"], set()).add(run["depth"])
    whole = sorted(seed for seed, of_seed in found.items() if of_seed >= depths)
    if not whole:
        raise StudyError("No seed has all its runs yet; the same command goes on.")
    return whole


Case = tuple[float, int]  # nudge, layers


def likeness(table: ShatteredTable) -> dict[Case, dict[str, Likeness]]:
    """By net, over the seeds that have all their runs."""
    seeds = set(whole_seeds(table))
    found: dict[Case, dict[str, Likeness]] = {}
    for (place, nudge), depth in itertools.product(
        enumerate(table["about"]["nudges"]), table["about"]["depths"]
    ):
        runs = [run for run in table["runs"] if run["depth"] == depth and run["seed"] in seeds]
        found[nudge, depth] = {}
        for variant in VARIANTS:
            each = [statistics.median(run["cosines"][variant][place]) for run in runs]
            found[nudge, depth][variant] = Likeness(statistics.median(each), min(each), max(each))
    return found


def in_words(cosine: float) -> str:
    return t(next(words for least, words in WORDS if cosine >= least))


# --- as text ---------------------------------------------------------------------------------


def tables(table: ShatteredTable) -> list[Printed]:
    rows = [
        [in_percent(nudge), str(depth), *(with_range(nets[variant]) for variant in VARIANTS)]
        for (nudge, depth), nets in likeness(table).items()
    ]
    what = "Cosine of the gradients at the pixels of a digit and of its nudged copy"
    return [(f"{what}. {provenance(table)}", ["nudge", "layers", *NETS.values()], rows)]


def provenance(table: ShatteredTable) -> str:
    recipe = table["about"]["recipe"]
    return t(
        "The median of {seeds} (least to most), each that of {digits} validation digits in a batch "
        "of {batch}.",
        seeds=seeds_in_words(len(whole_seeds(table))),
        digits=recipe["digits"],
        batch=recipe["batch"],
    )


def in_percent(nudge: float) -> str:
    """Of the way from paper to ink."""
    return f"{100 * nudge:g} %"


def with_range(found: Likeness) -> str:
    return t(
        "{median} ({low} to {high})",
        median=f"{found.median:.2f}",
        low=f"{found.low:.2f}",
        high=f"{found.high:.2f}",
    )


def sentences(table: ShatteredTable) -> list[str]:
    """The findings, as the figures have them."""
    found = likeness(table)
    return [*(headline(found, case) for case in found), caution(found)]


def headline(found: Mapping[Case, Mapping[str, Likeness]], case: Case) -> str:
    """What the two nets of one depth make of one nudge."""
    nudge, depth = case
    medians = {variant: found[case][variant].median for variant in VARIANTS}
    return t(
        "Nudge a digit by {nudge} and ask a new net of {depth} layers, before and after, how its "
        "pixels should change: with shortcuts the two answers are {residual} (cosine "
        "{with_shortcuts}), without {plain} ({without}).",
        nudge=in_percent(nudge),
        depth=depth,
        residual=in_words(medians["residual"]),
        plain=in_words(medians["plain"]),
        with_shortcuts=f"{medians['residual']:.2f}",
        without=f"{medians['plain']:.2f}",
    )


def caution(found: Mapping[Case, Mapping[str, Likeness]]) -> str:
    """What does not follow."""
    most, deepest = max(found)
    median = found[most, deepest]["residual"].median
    return t(
        "Nets whose answers stay alike also train better; that one causes the other is not shown. "
        "With shortcuts even nets of {deepest} layers learn, though a nudge of {nudge} leaves "
        "their two answers {words} (cosine {median}).",
        deepest=deepest,
        nudge=in_percent(most),
        words=in_words(median),
        median=f"{median:.2f}",
    )
