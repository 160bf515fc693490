"""The results of the textbook's experiment: tables to print, and one sentence."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from resnet.checkpoint import VARIANTS
from resnet.stats import (
    SIGNIFICANT,
    Mean,
    mean_of,
    p_in_words,
    seeds_in_words,
    wilson_interval,
)
from resnet.studies.runs import Printed, StudyError
from resnet.studies.short_training import ShortRecipe, ShortRun, Tally
from resnet.studies.textbook import (
    BOOK,
    BOOK_STEPS,
    Pair,
    TextbookRun,
    TextbookTable,
    key_of,
    pairs_of,
)

BOOK_TEST = ShortRecipe().test  # digits

# By net and rate, one a seed, the same seeds in order.
Runs = Mapping[Pair, Sequence[ShortRun]]
TextbookRuns = Mapping[Pair, Sequence[TextbookRun]]


def complete_runs(table: TextbookTable) -> dict[Pair, list[TextbookRun]]:
    """The runs of the seeds that have them all. Raises StudyError when there is none."""
    runs = {key_of(run): run for run in table["runs"]}
    pairs = pairs_of(table["about"]["rates"])
    seeds = sorted({seed for seed, *_ in runs})
    whole = [seed for seed in seeds if all((seed, *pair) in runs for pair in pairs)]
    if not whole:
        raise StudyError("No seed has all its runs yet; the same command goes on.")
    return {(name, rate): [runs[seed, name, rate] for seed in whole] for name, rate in pairs}


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


def is_ahead(found: Mean) -> bool:
    """Whether residual minus plain is above 0 by more than chance explains."""
    return found.mean > 0 and found.p <= SIGNIFICANT


# --- as text ---------------------------------------------------------------------------------


def tables(table: TextbookTable) -> list[Printed]:
    runs = complete_runs(table)
    return [as_in_the_book(runs), on_the_way(runs), fair(runs, table["about"]["rates"])]


def as_in_the_book(runs: TextbookRuns) -> Printed:
    of_book = {name: runs[name, reported.rate] for name, reported in BOOK.items()}
    first = of_book["plain"][0]
    test, test_all = first["test"]["total"], first["test_all"]["total"]
    rows = []
    for name, reported in BOOK.items():
        low, high = wilson_interval(round(reported.accuracy * BOOK_TEST), BOOK_TEST)
        few = percents(run["test"] for run in of_book[name])
        many = percents(run["test_all"] for run in of_book[name])
        rows.append(
            [
                name,
                f"{reported.rate:g}",
                f"{reported.accuracy:.1%} ({100 * low:.1f} - {100 * high:.1f})",
                with_interval(few),
                span(few),
                with_interval(many),
                span(many),
                f"{reported.loss:.2f}",
                mean_loss(of_book[name]),
            ]
        )
    title = (
        f"As in the book, {seeds_in_words(len(of_book['plain']))}: test accuracy (95 % interval; "
        f"the book's is that of {BOOK_TEST} digits, ours that of the mean over seeds)"
    )
    headers = [
        "net", "rate", f"book, {BOOK_TEST}", f"ours, {test}", "least - most",
        f"ours, {test_all:,}", "least - most", f"book, loss on {BOOK_TEST}", f"ours, {test}",
    ]  # fmt: skip
    return title, headers, rows


def on_the_way(runs: Runs) -> Printed:
    steps = runs["plain", BOOK["plain"].rate][0]["validation"]["step"]
    rows = []
    for name, reported in BOOK.items():
        course = [run["validation"] for run in runs[name, reported.rate]]
        means = [
            f"{statistics.fmean(one['right'][i] / one['total'] for one in course):.1%}"
            for i in range(len(steps))
        ]
        theirs = dict(zip(BOOK_STEPS, reported.validation, strict=True))
        book = [f"{theirs[step]:.1%}" if step in theirs else "-" for step in steps]
        rows += [[name, "book", *book], [name, "ours", *means]]
    headers = ["net", "", *(f"step {step}" for step in steps)]
    return "The same runs on the way: validation accuracy", headers, rows


def fair(runs: Runs, rates: Sequence[float]) -> Printed:
    chosen = {variant: chosen_rate(runs, variant, rates) for variant in VARIANTS}
    rows = [fair_row(runs, f"{rate:g}", dict.fromkeys(VARIANTS, rate)) for rate in rates]
    label = ", ".join(f"{variant} {rate:g}" for variant, rate in chosen.items())
    rows.append(fair_row(runs, label, chosen))
    total = runs["plain", rates[0]][0]["test_all"]["total"]
    return (
        f"Fair, {seeds_in_words(len(runs['plain', rates[0]]))}, {total:,} test digits: equal "
        "rates, and last each net's best rate on validation (mean of the seeds, 95 % interval)",
        ["rate", *(f"{v}, {what}" for v in VARIANTS for what in ("validation", "test")),
         "residual - plain, points", "p"],
        rows,
    )  # fmt: skip


def fair_row(runs: Runs, label: str, rates: Mapping[str, float]) -> list[str]:
    row = [label]
    for variant in VARIANTS:
        of_net = runs[variant, rates[variant]]
        right = statistics.fmean(kept(run) / run["validation"]["total"] for run in of_net)
        row += [f"{right:.1%}", with_interval(percents(run["test_all"] for run in of_net))]
    found = difference(runs, rates)
    if found.count == 1:
        return [*row, f"{found.mean:+.2f}", "one seed"]
    interval = f"{found.mean:+.2f} ({found.low:+.2f} to {found.high:+.2f})"
    return [*row, interval, p_in_words(found.p).removeprefix("= ")]


def sentences(table: TextbookTable) -> list[str]:
    """The finding; and where it may be the grid's, a word on that."""
    runs, rates = complete_runs(table), table["about"]["rates"]
    chosen = {variant: chosen_rate(runs, variant, rates) for variant in VARIANTS}
    total = runs["plain", rates[0]][0]["test_all"]["total"]
    found = [finding(difference(runs, chosen), chosen, total)]
    for variant, rate in chosen.items():
        if rate in (min(rates), max(rates)):
            found.append(
                f"The best rate of the {variant} net, {rate:g}, is at the end of the grid: there "
                "may be a better one beyond."
            )
    return found


def finding(found: Mean, chosen: Mapping[str, float], total: int) -> str:
    """One sentence on residual minus plain, in points of so many test digits."""
    at = " and ".join(f"{variant} {rate:g}" for variant, rate in chosen.items())
    of = f"Each at the learning rate that its validation digits choose ({at})"
    if found.count == 1:
        return (
            f"{of}, residual minus plain is {found.mean:+.2f} points on {total:,} test digits, "
            "but one seed tells nothing apart."
        )
    p = f"p {p_in_words(found.p)}, {found.count} seeds"
    if found.p > SIGNIFICANT:
        return (
            f"{of}, the nets cannot be told apart on {total:,} test digits: residual minus plain "
            f"is {found.mean:+.2f} points (95 % interval {found.low:+.2f} to {found.high:+.2f}, "
            f"{p})."
        )
    better, worse = ("residual", "plain") if found.mean > 0 else ("plain", "residual")
    low, high = sorted((abs(found.low), abs(found.high)))
    return (
        f"{of}, the {better} net reads {abs(found.mean):.2f} points more of {total:,} test digits "
        f"than the {worse} one (95 % interval {low:.2f} to {high:.2f}, {p})."
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
    return "none" if len(finite) < len(losses) else f"{statistics.fmean(finite):.2f}"
