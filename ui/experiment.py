"""The textbook's experiment: what it says, what many seeds say, and the check that ends it."""

import itertools
import statistics
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from resnet import checkpoint, ink
from resnet.stats import mean_of
from resnet.studies import proof, textbook_verdict
from resnet.studies.runs import StudyError
from resnet.studies.textbook import BOOK, BOOK_STEPS, TextbookTable
from resnet.summary import as_table
from ui.cards import LOOKS
from ui.once import drawn_once
from ui.part import TAB, Ahead, Part, template
from ui.question import decoded, fault
from ui.reading import Reader

ALONE = (
    "Your own drawing is compared on a server, and this page has none. Choose the ten samples: "
    "their results are stored."
)
SIZE = (540, 330)  # pixels of a plot on a wide screen
NOTHING = "The runs of this experiment are missing here: python -m resnet textbook makes them."
WEIGHTS = ("fresh", "trained")
FLAW = Template(
    '<li><label><input type="checkbox" data-flaw="$name"><span>$what</span></label></li>'
)


class Experiment(Part):
    """The figures of the stored runs, drawn when the tab is first seen, and the live check.

    table is that of results/textbook.json, None where there is none: a sentence says so.
    """

    def __init__(
        self, reader: Reader, table: TextbookTable | None, folder: Path = checkpoint.FOLDER
    ) -> None:
        prover = proof.Prover(folder)

        @drawn_once
        def drawn() -> dict[str, str]:
            return {"figures": figures(table), "nets": nets()}

        def measured(_: Any) -> dict[str, Any]:
            return drawn()

        def check(wish: Any) -> dict[str, Any]:
            return checked(wish, reader, prover)

        super().__init__(
            "experiment",
            template("experiment.html").substitute(
                finding=escape(finding(table)),
                flaws="".join(
                    FLAW.substitute(name=name, what=escape(what))
                    for name, what in proof.FLAWS.items()
                ),
                idle=f"{proof.idle_weights():,}",
            ),
            [measured, check],
            TAB,
            ahead={"measured": Ahead(), "check": Ahead([*of_samples()], ALONE)},
        )


# --- the check -------------------------------------------------------------------------------


def of_samples() -> Iterator[dict[str, Any]]:
    """Every check that can be asked for with the ten samples, as experiment.js asks for it."""
    for weights in WEIGHTS:
        for on in itertools.product((False, True), repeat=len(proof.FLAWS)):
            flaws = [*itertools.compress(proof.FLAWS, on)]
            yield {"weights": weights, "flaws": flaws, "picture": None}


def checked(wish: Any, reader: Reader, prover: proof.Prover) -> dict[str, Any]:
    """Of {"weights", "flaws", "picture": base64 of grey levels, or null for ten samples}."""
    weights, flaws, levels = taken(wish)
    try:
        prover.prepare(weights)  # in nobody's turn: it takes seconds, once
        with reader.turn(is_heavy=True):
            picture = None if levels is None else ink.from_grey_levels(levels)
            return as_json(prover.check(weights, flaws, picture))
    except checkpoint.CheckpointError as error:
        print(error, file=sys.stderr)
        raise fault("The trained residual net is missing or damaged on this server.") from error


def taken(wish: Any) -> tuple[str, list[str], bytes | None]:
    """The request of a browser, validated; gr.Error for anything that cannot be checked."""
    weights = wish.get("weights") if isinstance(wish, dict) else None
    if weights not in WEIGHTS:
        raise fault("The request is incomplete.")
    flaws, picture = wish.get("flaws"), wish.get("picture")
    if not isinstance(flaws, list) or any(flaw not in list(proof.FLAWS) for flaw in flaws):
        raise fault("There is no such switch.")
    return weights, flaws, None if picture is None else decoded(picture)


def as_json(found: proof.Check) -> dict[str, Any]:
    return {
        "printed": proof.in_digits(found.printed),
        "largest": None if found.largest is None else f"{found.largest:.1e}",
        "says": None if found.printed is None else "equal" if found.says_equal else "different",
        "isRight": found.is_right,
        "sentence": found.sentence,
    }


# --- the figures -----------------------------------------------------------------------------


def finding(table: TextbookTable | None) -> str:
    try:
        return NOTHING if table is None else " ".join(textbook_verdict.sentences(table))
    except StudyError:
        return NOTHING


def figures(table: TextbookTable | None) -> str:
    """Plots and tables, as HTML."""
    from ui import plots  # matplotlib takes a while to load, which the page's start should not

    parts = []
    if table is not None and finding(table) != NOTHING:
        runs, rates = textbook_verdict.complete_runs(table), table["about"]["rates"]
        parts.append(f'<div class="pair">{course(runs)}{grid(runs, rates)}</div>')
        title, headers, rows = textbook_verdict.as_in_the_book(runs)
        what, _, how = title.partition(": ")
        parts.append(
            f"<div><h2>{escape(what)}</h2>"
            f'<div class="wide-table">{plots.table(headers, rows)}</div>'
            f'<p class="note">{escape(how[0].upper() + how[1:])}.</p></div>'
        )
    return "".join(parts)


def nets() -> str:
    """Both nets module by module, as HTML."""
    from ui import plots

    tables = "".join(
        f'<div><h2>{LOOKS[variant]["title"]}</h2><div class="wide-table">'
        f"{plots.table(*as_table(checkpoint.unfilled(variant)))}</div></div>"
        for variant in checkpoint.VARIANTS
    )
    notes = " ".join(proof.counts_of_the_book(checkpoint.unfilled("residual")))
    return f'{tables}<p class="note">With shortcuts: {escape(notes)}</p>'


def course(runs: textbook_verdict.TextbookRuns) -> str:
    """The runs as in the book on the way, its own as dots."""
    from ui import plots

    of_book = {name: runs[name, reported.rate] for name, reported in BOOK.items()}
    steps = of_book["plain"][0]["validation"]["step"]

    def draw(panels: Any, is_phone: bool) -> None:
        (panel,) = panels
        for name, some in of_book.items():
            shares = [[100 * n / run["validation"]["total"] for n in run["validation"]["right"]]
                      for run in some]  # fmt: skip
            at_step = list(zip(*shares, strict=True))
            means = [statistics.fmean(values) for values in at_step]
            line = plots.LINES[name]
            least, most = map(min, at_step), map(max, at_step)
            panel.fill_between(
                steps, [*least], [*most], color=line["color"], alpha=plots.BAND, linewidth=0
            )
            panel.plot(steps, means, label=name, **line)
            book = [100 * value for value in BOOK[name].validation]
            marker = {"residual": "o", "plain": "D", "LeNet-5": "s"}[name]
            panel.plot(
                BOOK_STEPS, book, marker, color=line["color"], markerfacecolor=plots.SURFACE,
                markersize=6, label=f"{name}, the book's run",
            )  # fmt: skip
        panel.set(xlabel="step", ylabel="validation accuracy (%)", ylim=(0, 100), xticks=steps)
        lines, names = panel.get_legend_handles_labels()
        # Below the panel, for in it the curves leave no corner free; lines left, the book's right.
        panel.figure.legend(
            lines[::2] + lines[1::2], names[::2] + names[1::2],
            loc="outside lower center", fontsize=11 if is_phone else 12.5, ncols=2,
        )  # fmt: skip

    ahead = sum(
        residual["validation"]["right"][-1] > plain["validation"]["right"][-1]
        for residual, plain in zip(of_book["residual"], of_book["plain"], strict=True)
    )
    count = len(of_book["plain"])
    _, headers, rows = textbook_verdict.on_the_way(runs)
    return plots.plot(
        f"At the book's rates the residual net ends ahead of the plain one in {ahead} of {count} "
        "seeds",
        draw,
        headers,
        rows,
        size=SIZE,
        note="Lines: mean of the seeds; areas: from the least to the most; marks: the book's "
        "single run. The rates differ, so this compares rates as much as nets.",
    )


def grid(runs: textbook_verdict.TextbookRuns, rates: list[float]) -> str:
    """Accuracy at each of the equal rates."""
    from ui import plots

    def draw(panels: Any, is_phone: bool) -> None:
        (panel,) = panels
        for variant in checkpoint.VARIANTS:
            tallies = [[run["test_all"] for run in runs[variant, rate]] for rate in rates]
            means = [mean_of(textbook_verdict.percents(of_rate)) for of_rate in tallies]
            plots.means(panel, rates, means, variant, variant)
        panel.set_xscale("log")
        panel.set_xticks(rates, [f"{rate:g}" for rate in rates])
        panel.minorticks_off()
        panel.set(xlabel="learning rate, the same for both", ylabel="test accuracy (%)")
        panel.legend(loc="lower center")

    better = sum(
        textbook_verdict.is_ahead(
            textbook_verdict.difference(runs, dict.fromkeys(checkpoint.VARIANTS, rate))
        )
        for rate in rates
    )
    title, headers, rows = textbook_verdict.fair(runs, rates)
    return plots.plot(
        f"At {better} of {len(rates)} equal rates the residual net reads more test digits than "
        "chance explains",
        draw, headers, rows, size=SIZE, note=f"{title}.",
    )  # fmt: skip
