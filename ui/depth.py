"""The tab of depth: accuracy by depth, and the gradient thermometer."""

import itertools
import secrets
from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any

from resnet import checkpoint
from resnet.stats import seeds_in_words
from resnet.studies import depth, depth_verdict
from resnet.studies.depth import DepthTable, When
from resnet.studies.depth_verdict import GUESSING
from resnet.studies.gradients import Gradients, arrival
from resnet.studies.runs import StudyError
from ui.cards import LOOKS
from ui.once import drawn_once
from ui.part import TAB, Ahead, Part, template
from ui.question import fault
from ui.reading import Reader

NOTHING = "The runs of this study are missing here: python -m resnet depth makes them."
ALONE = "An error is sent back by a server, and this page has none: the bars are of stored runs."
SIZE = (1080, 320)  # pixels on a wide screen
OPTION = Template(
    '<label><input type="radio" name="depth-depth" value="$depth"$checked>$depth</label>'
)
NET = Template(
    '<div class="net $variant" data-net="$variant"><h3>$sign<span>$title</span></h3>'
    '<div class="field"><div class="ticks"></div><div class="bars" role="img" '
    'aria-label="Gradients, $title"></div>'
    '<p class="ends"><span>stem</span><span>units</span><span>head</span></p></div></div>'
)


class Depth(Part):
    """Accuracy by depth from the stored runs, and both nets' gradients, stored or computed now.

    deep is the table of results/depth.json, None where there is none: a sentence says so, and an
    error can be sent back all the same.
    """

    def __init__(self, reader: Reader, deep: DepthTable | None) -> None:
        whole = deep if is_whole(deep) else None

        @drawn_once
        def drawn() -> str:
            return "" if whole is None else figure(whole)

        def measured(_: Any) -> dict[str, Any]:
            return {"figures": drawn()}

        def send(choice: Any) -> dict[str, Any]:
            return sent(choice, reader)

        super().__init__(
            "depth",
            template("depth.html").substitute(
                finding=escape(NOTHING if whole is None else depth_verdict.falling(whole, True)),
                bare=escape("" if whole is None else depth_verdict.falling(whole, False)),
                weights=escape("" if whole is None else depth_verdict.first_weights(whole)),
                digits=depth.ONE_ERROR,
                depths="".join(
                    OPTION.substitute(
                        depth=layers, checked=" checked" if layers == depth.DEPTHS[2] else ""
                    )
                    for layers in depth.DEPTHS
                ),
                nets="".join(
                    NET.substitute(look, variant=variant) for variant, look in LOOKS.items()
                ),
            ),
            [measured, send],
            TAB,
            ahead={"measured": Ahead(), "send": Ahead((), ALONE)},
            stored={} if whole is None else thermometer(whole),
        )


def is_whole(table: DepthTable | None) -> bool:
    try:
        return table is not None and bool(depth_verdict.whole_seeds(table))
    except (StudyError, KeyError):  # none, or of another kind
        return False


# --- the thermometer -------------------------------------------------------------------------


def thermometer(table: DepthTable) -> dict[str, Any]:
    """The stored medians of every choice, and what they say."""
    seeds = seeds_in_words(len(depth_verdict.whole_seeds(table)))
    found = {}
    choices = itertools.product(table["about"]["depths"], (True, False), depth_verdict.WHEN)
    for layers, has_norm, when in choices:
        nets = depth_verdict.gradient(table, layers, has_norm, when)
        says = f"{saying(nets, layers, has_norm, when)} Medians of {seeds}."
        found[f"{layers} {has_norm} {when}".lower()] = {"nets": nets, "says": says}
    return found


def saying(nets: Mapping[str, Gradients], layers: int, has_norm: bool, when: When) -> str:
    """How the gradient changes on its way to the stem, in both nets."""
    where = f"{layers} layers {depth_verdict.NORMS[has_norm]}, {depth_verdict.WHEN[when]}"
    ways = "; ".join(f"in the {variant} net {arrival(values)}" for variant, values in nets.items())
    return f"{where}: {ways}."


def sent(choice: Any, reader: Reader) -> dict[str, Any]:
    """One error sent back through both nets, untrained, of a seed drawn now."""
    layers, has_norm = choice_of(choice)
    seed = secrets.choice(depth.FRESH)
    with reader.turn(is_heavy=True):
        digits = reader.test_digits()
        nets = depth.sent_back(layers, has_norm, seed, digits.first(depth.ONE_ERROR))
    return {
        "nets": nets,
        "says": f"{saying(nets, layers, has_norm, 'start')} The error of {depth.ONE_ERROR} test "
        f"digits, just now, seed {seed}.",
    }


def choice_of(choice: Any) -> tuple[int, bool]:
    """Layers and has_norm; gr.Error for anything that is not offered."""
    match choice:
        case {"depth": layers, "has_norm": bool(has_norm)} if (
            type(layers) is int and layers in depth.DEPTHS
        ):
            return layers, has_norm
    raise fault("There are no such nets.")


# --- accuracy by depth -----------------------------------------------------------------------


def figure(table: DepthTable) -> str:
    """Accuracy by depth, with batch norm and without, as HTML."""
    from ui import plots  # matplotlib takes a while to load, which the page's start should not

    depths = table["about"]["depths"]

    def draw(panels: list[Any], is_phone: bool) -> None:
        for panel, (has_norm, words) in zip(panels, depth_verdict.NORMS.items(), strict=True):
            panel.axhline(GUESSING, color=plots.QUIET, linewidth=1, linestyle=(0, (1, 2)))
            panel.annotate(
                "guessing", (depths[0], GUESSING), xytext=(0, -4), textcoords="offset points",
                color=plots.MUTED, va="top", fontsize=12,
            )  # fmt: skip
            for variant in checkpoint.VARIANTS:
                means = [
                    depth_verdict.accuracy(table, layers, has_norm)[variant].mean
                    for layers in depths
                ]
                plots.means(panel, depths, means, variant, LOOKS[variant]["title"])
            panel.set(ylim=(0, 100), xticks=depths, xlabel="layers", ylabel="test accuracy (%)")
            panel.set_title(depth_verdict.capital(words))
            panel.legend(loc="upper right")

    what, headers, rows = depth_verdict.accuracies(table)
    heading = depth_verdict.heading(table)
    note = " ".join([f"{what}.", *depth_verdict.at_the_end_of_the_grid(table)])
    return plots.plot(heading, draw, headers, rows, panels=2, size=SIZE, note=note)
