"""The figures of the tab of depth, from the stored runs, as HTML.

matplotlib takes a while to load, which the page's start should not: whoever draws imports ui.plots.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from resnet import checkpoint
from resnet.language import N_, in_a_row, t
from resnet.stats import Mean, mean_of
from resnet.studies import birth_verdict, depth_verdict, stuck_verdict
from resnet.studies.birth import BirthTable, Pair
from resnet.studies.depth import DepthTable
from resnet.studies.depth_results import Result, by_depth, results
from resnet.studies.depth_verdict import GUESSING, GUESSING_LOSS
from resnet.studies.stuck import StuckTable
from ui.cards import LOOKS

SIZE = (1080, 320)  # pixels on a wide screen
HALF = (700, 320)

FAINT = {"linewidth": 1.2, "markersize": 8, "markerfacecolor": "none"}


def accuracy(table: DepthTable) -> str:
    """The share of the test digits read, by depth: with batch norm and without."""
    from ui import plots

    found = results(table)
    depths = table["about"]["depths"]

    def draw(panels: list[Any], is_phone: bool) -> None:
        for panel, (has_norm, words) in zip(panels, depth_verdict.NORMS.items(), strict=True):
            guess(panel, GUESSING, depths, "top")
            deep = by_depth(found, has_norm)
            for variant in checkpoint.VARIANTS:
                means = [result.accuracy[variant].mean for result in deep.values()]
                plots.means(panel, [*deep], means, variant, LOOKS[variant]["title"])
            live = by_depth(found, has_norm, is_live=True)
            for variant in checkpoint.VARIANTS if live else ():
                means = [result.accuracy[variant].mean for result in live.values()]
                title = t("{net}, live taps", net=LOOKS[variant]["title"])
                plots.means(panel, [*live], means, variant, title, **FAINT)
            panel.set(ylim=(0, 100), xticks=depths, xlabel=t("layers"))
            panel.set(ylabel=t("test digits read (%)"))
            panel.set_title(depth_verdict.capital(t(words)))
            panel.legend(loc="upper right")

    what, headers, rows = depth_verdict.accuracies(table, found)
    of_table = t("{what}.", what=what)
    note = in_a_row([of_table, *depth_verdict.at_the_end_of_the_grid(table, found)])
    heading = depth_verdict.heading(found)
    return plots.plot(heading, draw, headers, rows, panels=2, size=SIZE, note=note)


def fit(table: DepthTable) -> str:
    """How the nets with batch norm fit their training digits, beside how they read new ones."""
    from ui import plots

    deep = by_depth(results(table), True)
    recipe, depths = table["about"]["recipe"], table["about"]["depths"]

    def losses(result: Result) -> Mapping[str, Mean | None]:
        return result.training_loss(recipe["epochs"])

    def wrong(result: Result) -> Mapping[str, Mean | None]:
        return {
            variant: mean_of([100 - right for right in net.percents])
            for variant, net in result.accuracy.items()
        }

    sides = (
        (losses, t("Digits that they trained on"), t("training loss"), GUESSING_LOSS),
        (wrong, t("New digits"), t("test digits read wrong (%)"), 100 - GUESSING),
    )

    def draw(panels: list[Any], is_phone: bool) -> None:
        for panel, (measure, title, label, of_guess) in zip(panels, sides, strict=True):
            guess(panel, of_guess, depths, "bottom")
            of_depth = {depth: measure(result) for depth, result in deep.items()}
            for variant in checkpoint.VARIANTS:
                curve = {depth: of[variant] for depth, of in of_depth.items()}
                whole = {depth: mean for depth, mean in curve.items() if mean is not None}
                plots.means(panel, [*whole], [*whole.values()], variant, LOOKS[variant]["title"])
            panel.set(ylim=(0, 1.15 * of_guess), xticks=depths, xlabel=t("layers"), ylabel=label)
            panel.set_title(title)
        panels[0].legend(loc="center right")

    what, headers, rows = depth_verdict.fits(table, results(table))
    note = t(
        "Areas: 95 % intervals. A net that overfits is low on the left and high on the right. "
        "{what}.",
        what=what,
    )
    title = t("By depth: the loss on the training digits, beside the new digits read wrong")
    return plots.plot(title, draw, headers, rows, panels=2, size=SIZE, note=note)


MARKS: dict[Pair, dict[str, Any]] = {
    birth_verdict.ONE: {"marker": "o"},
    birth_verdict.ROOT: {"marker": "s", "linewidth": 3.2},
    birth_verdict.ZERO: {"marker": "^", "linewidth": 1.2},
    birth_verdict.PLAIN: {"marker": "D"},
}


def birth(table: BirthTable) -> str:
    """The share of the test digits read without batch norm, by depth and how f begins."""
    from ui import plots

    found = birth_verdict.results(table)
    depths = table["about"]["depths"]

    def draw(panels: list[Any], is_phone: bool) -> None:
        (panel,) = panels
        guess(panel, GUESSING, depths, "top")
        for pair, mark in MARKS.items():
            means = [nets[pair].accuracy.mean for nets in found.values()]
            title = t(birth_verdict.TITLES[pair])
            plots.means(panel, [*found], means, pair[0], title, **mark)
        panel.set(ylim=(0, 100), xticks=depths, xlabel=t("layers"))
        panel.set(ylabel=t("test digits read (%)"))
        panel.legend(loc="upper right")

    what, headers, rows = birth_verdict.accuracies(table, found)
    title = t("Without batch norm: test digits read, by how f begins")
    how, names, shares = birth_verdict.share_table(found)
    below = f'<details class="twin"><summary>{escape(how)}</summary>'
    return (
        plots.plot(title, draw, headers, rows, size=HALF, note=t("{what}.", what=what))
        + f"{below}<div>{plots.table(names, shares)}</div></details>"
    )


AIDS: dict[str, dict[str, Any]] = {
    "none": {"linewidth": 2.0},
    "clipping": {"linewidth": 1.2, "marker": "s"},
    "warm-up": {"linewidth": 1.2, "marker": "^"},
}
AIDED = {"none": N_("as they are"), **stuck_verdict.HELP}


def stuck(table: StuckTable) -> str:
    """The share of the validation digits read on the way of ten times as many steps."""
    from ui import plots

    curves = stuck_verdict.curves(table)
    nets = list(dict.fromkeys((curve.net, curve.depth) for curve in curves))

    def draw(panels: list[Any], is_phone: bool) -> None:
        for panel, (net, layers) in zip(panels, nets, strict=True):
            named = set()
            for curve in curves:
                if (curve.net, curve.depth) != (net, layers):
                    continue
                look = {**plots.LINES[net], "markersize": 5, "markevery": 8, **AIDS[curve.aid]}
                label = "_" if curve.aid in named else t(AIDED[curve.aid])
                named.add(curve.aid)
                panel.plot(curve.step, curve.accuracy, label=label, **look)
            panel.axvline(
                stuck_verdict.BEFORE, color=plots.QUIET, linewidth=1, linestyle=(0, (1, 2))
            )
            panel.set(ylim=(0, 100), xlabel=t("steps"), ylabel=t("validation digits read (%)"))
            panel.set_title(
                t("{layers} layers, {net}", layers=layers, net=t(depth_verdict.NETS[net]))
            )
        panels[0].legend(loc="best")

    ((title, headers, rows),) = stuck_verdict.tables(table)
    note = t(
        "Means of the seeds; dotted: after {steps} steps. {title}.",
        steps=stuck_verdict.BEFORE,
        title=title,
    )
    heading = t("Stuck or slow? Validation digits read on the way")
    return plots.plot(heading, draw, headers, rows, panels=len(nets), size=SIZE, note=note)


def guess(panel: Any, value: float, depths: list[int], side: str) -> None:
    """A line where a net is that guesses; its name has it at its top or its bottom."""
    from ui import plots

    panel.axhline(value, color=plots.QUIET, linewidth=1, linestyle=(0, (1, 2)))
    panel.annotate(
        t("guessing"), (depths[0], value), xytext=(0, 4 if side == "bottom" else -4),
        textcoords="offset points", color=plots.MUTED, va=side, fontsize=12,
    )  # fmt: skip
