"""The results of the study of nudged digits: numbers for the page, a table, and sentences."""

import itertools
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from resnet.checkpoint import VARIANTS
from resnet.stats import seeds_in_words
from resnet.studies.runs import Printed, StudyError
from resnet.studies.shattered import ShatteredTable

# A cosine in words, by the least that earns them.
WORDS = (
    (0.8, "nearly the same"),
    (0.5, "alike"),
    (0.2, "loosely related"),
    (-0.2, "unrelated"),
    (-1.0, "rather opposed"),
)
NETS = {"residual": "with shortcuts", "plain": "without"}


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
    return next(words for least, words in WORDS if cosine >= least)


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
    return (
        f"The median of {seeds_in_words(len(whole_seeds(table)))} (least to most), each that of "
        f"{recipe['digits']} validation digits in a batch of {recipe['batch']}."
    )


def in_percent(nudge: float) -> str:
    """Of the way from paper to ink."""
    return f"{100 * nudge:g} %"


def with_range(found: Likeness) -> str:
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def sentences(table: ShatteredTable) -> list[str]:
    """The findings, as the figures have them."""
    found = likeness(table)
    return [*(headline(found, case) for case in found), caution(found)]


def headline(found: Mapping[Case, Mapping[str, Likeness]], case: Case) -> str:
    """What the two nets of one depth make of one nudge."""
    nudge, depth = case
    medians = {variant: found[case][variant].median for variant in VARIANTS}
    ways = [f"{in_words(medians[v])} ({medians[v]:.2f}) {NETS[v]}" for v in VARIANTS]
    return (
        f"Nudge a digit by {in_percent(nudge)}: what a new net of {depth} layers asks of its "
        f"pixels before and after is {', and '.join(ways)}."
    )


def caution(found: Mapping[Case, Mapping[str, Likeness]]) -> str:
    """What does not follow."""
    most, deepest = max(found)
    median = found[most, deepest]["residual"].median
    return (
        "This goes with how well such nets train; that it is why is not shown. With shortcuts even "
        f"{deepest} layers learn, though there a nudge of {in_percent(most)} leaves what is asked "
        f"{in_words(median)} ({median:.2f})."
    )
