"""The textbook's experiment: what it says, what many seeds say, and the check that ends it."""

import itertools
import re
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any, TypeGuard

from resnet import checkpoint, ink
from resnet.language import N_, in_a_row, listed, t
from resnet.stats import mean_of
from resnet.studies import proof, textbook_verdict
from resnet.studies.first_weights import FIRSTS, First
from resnet.studies.runs import StudyError
from resnet.studies.textbook import (
    BOOK,
    BOOK_STEPS,
    TextbookRun,
    TextbookTable,
)
from resnet.summary import as_table
from ui.cards import LOOKS
from ui.once import drawn_once
from ui.part import TAB, Ahead, Part, template
from ui.question import decoded, fault
from ui.reading import Reader

ALONE = N_(
    "Your own drawing is compared on a server, and this page has none. Choose the ten samples: "
    "their results are stored."
)
NOTHING = N_("The runs of this experiment are missing here: python -m resnet textbook makes them.")
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
        prover = proof.prover_of(folder)

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
                rests="".join(f"<li>{escape(one)}</li>" for one in rests(table)),
                flaws="".join(
                    FLAW.substitute(name=name, what=escape(t(what)))
                    for name, what in proof.FLAWS.items()
                ),
                idle=f"{proof.idle_weights():,}",
            ),
            [measured, check],
            TAB,
            ahead={"measured": Ahead(), "check": Ahead([*of_samples()], t(ALONE))},
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
        raise fault(t("The trained residual net is missing or damaged on this server.")) from error


def taken(wish: Any) -> tuple[str, list[str], bytes | None]:
    """The request of a browser, validated; gr.Error for anything that cannot be checked."""
    weights = wish.get("weights") if isinstance(wish, dict) else None
    if weights not in WEIGHTS:
        raise fault(t("The request is incomplete."))
    flaws, picture = wish.get("flaws"), wish.get("picture")
    if not isinstance(flaws, list) or any(flaw not in list(proof.FLAWS) for flaw in flaws):
        raise fault(t("There is no such switch."))
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
    return textbook_verdict.headline(table) if is_whole(table) else t(NOTHING)


def rests(table: TextbookTable | None) -> list[str]:
    """What the finding rests on, a sentence each."""
    return textbook_verdict.details(table) if is_whole(table) else []


def is_whole(table: TextbookTable | None) -> TypeGuard[TextbookTable]:
    """Whether there is a seed with all its runs."""
    try:
        return table is not None and bool(textbook_verdict.complete_runs(table))
    except StudyError:
        return False


def figures(table: TextbookTable | None) -> str:
    """Plots and tables, as HTML."""
    from ui import plots  # matplotlib takes a while to load, which the page's start should not

    if not is_whole(table):
        return ""
    runs, rates = textbook_verdict.complete_runs(table), table["about"]["rates"]
    both = grid(runs, rates) + course(runs)
    parts = [f'<div class="pair">{both}</div>' if len(runs) == 1 else both]
    for title, headers, rows in (
        textbook_verdict.verdict(runs, rates),
        textbook_verdict.at_the_books_rates(runs),
    ):
        what, how = re.split(r", |\uff0c", title, maxsplit=1)  # or the Chinese one
        parts.append(
            f"<div><h2>{escape(what)}</h2>"
            f"{plots.within_reach(plots.table(headers, rows), what)}"
            f'<p class="note">{escape(t("{how}.", how=how[0].upper() + how[1:]))}</p></div>'
        )
    return "".join(parts)


def nets() -> str:
    """Both nets module by module, as HTML."""
    from ui import plots

    tables = ""
    for variant in checkpoint.VARIANTS:
        title = LOOKS[variant]["title"]
        modules = plots.table(*as_table(checkpoint.unfilled(variant)))
        tables += f"<div><h2>{title}</h2>{plots.within_reach(modules, title)}</div>"
    notes = in_a_row(proof.counts_of_the_book(checkpoint.unfilled("residual")))
    said = t("With shortcuts: {notes}", notes=notes)
    return f'{tables}<p class="note">{escape(said)}</p>'


def grid(runs: Mapping[First, textbook_verdict.TextbookRuns], rates: list[float]) -> str:
    """Accuracy at each of the equal rates, a panel for each kind of first weights."""
    from ui import plots

    def draw(panels: Any, is_phone: bool) -> None:
        for panel, (first, of_first) in zip(panels, runs.items(), strict=True):
            for variant in checkpoint.VARIANTS:
                tallies = [[run["test_all"] for run in of_first[variant, rate]] for rate in rates]
                means = [mean_of(textbook_verdict.percents(of_rate)) for of_rate in tallies]
                plots.means(panel, rates, means, variant, LOOKS[variant]["title"])
            panel.set_title(t("From {first} first weights", first=t(FIRSTS[first])))
            panel.set_xscale("log")
            panel.set_xticks(rates, [f"{rate:g}" for rate in rates])
            panel.minorticks_off()
            panel.set(xlabel=t("learning rate, the same for both"))
            panel.legend(loc="lower center")
        level(panels, t("test accuracy (%)"), is_phone)

    compared = [(of_first, rate) for of_first in runs.values() for rate in rates]
    better = sum(
        textbook_verdict.is_ahead(
            textbook_verdict.difference(of_first, dict.fromkeys(checkpoint.VARIANTS, rate)),
            len(compared),
        )
        for of_first, rate in compared
    )
    title, headers, rows = textbook_verdict.fair(runs, rates)
    return plots.plot(
        t(
            "At equal rates the net with shortcuts reads more in {better} of {all} comparisons",
            better=better,
            all=len(compared),
        ),
        draw, headers, rows, panels=len(runs), size=size_of(len(runs)),
        note=t(
            "More than chance explains, by a paired t-test corrected for {all} comparisons "
            "(Bonferroni). {title}.",
            all=len(compared),
            title=title,
        ),
    )  # fmt: skip


def course(runs: Mapping[First, textbook_verdict.TextbookRuns]) -> str:
    """The runs at the book's rates on the way, its own as dots: a panel as in the grid."""
    from ui import plots

    def draw(panels: Any, is_phone: bool) -> None:
        for panel, (first, of_first) in zip(panels, runs.items(), strict=True):
            for name, reported in BOOK.items():
                draw_course(panel, name, of_first[name, reported.rate])
            panel.set_title(t("From {first} first weights", first=t(FIRSTS[first])))
            panel.set(xlabel=t("step"), ylim=(0, 100), xticks=BOOK_STEPS)
        level(panels, t("validation accuracy (%)"), is_phone)
        lines, names = panels[0].get_legend_handles_labels()
        # Below the panels, for in them the curves leave no corner free; lines left, dots right.
        panels[0].figure.legend(
            lines[::2] + lines[1::2], names[::2] + names[1::2],
            loc="outside lower center", fontsize=11 if is_phone else 12.5, ncols=2,
        )  # fmt: skip

    ahead, count = [], 0
    for of_first in runs.values():
        residual, plain = (of_first[net, BOOK[net].rate] for net in checkpoint.VARIANTS)
        ends = [[run["validation"]["right"][-1] for run in some] for some in (residual, plain)]
        ahead.append(str(sum(r > p for r, p in zip(*ends, strict=True))))
        count = len(plain)
    _, headers, rows = textbook_verdict.on_the_way(runs)
    return plots.plot(
        t(
            "At the book's unequal rates the net with shortcuts ends ahead in {ahead} of {count} "
            "seeds",
            ahead=listed(ahead),
            count=count,
        ),
        draw,
        headers,
        rows,
        panels=len(runs),
        size=size_of(len(runs)),
        note=t(
            "Lines: mean of the seeds; areas: from the least to the most; marks: the book's "
            "single run. The rates differ, so this compares rates as much as nets."
        ),
    )


def draw_course(panel: Any, name: str, runs: Sequence[TextbookRun]) -> None:
    """A net's way over the seeds, and the book's."""
    from ui import plots

    steps = runs[0]["validation"]["step"]
    shares = [[100 * n / run["validation"]["total"] for n in run["validation"]["right"]]
              for run in runs]  # fmt: skip
    at_step = list(zip(*shares, strict=True))
    line, title = plots.LINES[name], LOOKS[name]["title"] if name in LOOKS else name
    least, most = map(min, at_step), map(max, at_step)
    panel.fill_between(steps, [*least], [*most], color=line["color"], alpha=plots.BAND, linewidth=0)
    panel.plot(steps, [statistics.fmean(values) for values in at_step], label=title, **line)
    book = [100 * value for value in BOOK[name].validation]
    marker = {"residual": "o", "plain": "D", "LeNet-5": "s"}[name]
    panel.plot(
        BOOK_STEPS, book, marker, color=line["color"], markerfacecolor=plots.SURFACE, markersize=6,
        label=t("{title}, the book's run", title=title),
    )  # fmt: skip


def size_of(panels: int) -> tuple[int, int]:
    """Pixels of a figure on a wide screen: one panel has a neighbour, more have the whole width."""
    return (540, 330) if panels == 1 else (1080, 340)


def level(panels: Sequence[Any], what: str, is_phone: bool) -> None:
    """The same scale of what is measured in all panels; side by side, the first one names it."""
    low = min(panel.get_ylim()[0] for panel in panels)
    high = max(panel.get_ylim()[1] for panel in panels)
    for panel in panels:
        panel.set_ylim(low, high)
    for panel in panels if is_phone else panels[:1]:
        panel.set_ylabel(what)
