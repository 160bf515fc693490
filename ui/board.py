"""The board: both nets as they are built, what is inside them, and parts to unplug."""

from collections.abc import Mapping
from typing import Any

from resnet import ink, lenses
from resnet.classifier import Classifier
from resnet.language import N_, t
from resnet.surgery import DIAL, UNITS, can_be_out
from ui.cards import LOOKS
from ui.markup import Markup
from ui.part import Part, template

STEP = 0.25  # of a dial
# What the visitor reads for each lens; what it shows is drawn by board_lenses.js.
TITLES = {
    "maps": N_("Maps"),
    "edit": N_("Edit or rewrite"),
    "left": N_("What is left"),
    "knew": N_("When did it know"),
    "why": N_("Why"),
    "near": N_("What does it look like"),
}
STEM = Markup(
    '<div class="unit"><span class="arc"></span>'
    '<div class="cell" tabindex="0" role="img" aria-label="Stem, $name" data-cell="0"'
    ' data-place="Stem, $name">$inside</div>'
    '<p class="under"><span class="label">stem</span><span class="note"></span></p></div>'
)
UNIT = Markup(
    '<div class="unit"><span class="kind">$kind</span>$arc'
    '<button type="button" class="cell" data-place="Unit $number, $name"'
    ' data-cell="$number" data-unit="$number">$inside</button>'
    '<p class="under"><span class="label">unit $number</span><span class="note"></span></p></div>'
)
ARC = Markup(
    '<button type="button" class="arc $kind" data-arc="$number" data-said="✕ cut"><i></i></button>'
)
INSIDE = '<canvas></canvas><span class="figures"></span><span class="over"></span>'
ROW = Markup(
    '<div class="net $variant" role="toolbar" aria-label="$title" data-net="$variant">$units'
    '<div class="end"><b class="digit">&ndash;</b><p class="certainty"></p>'
    '<p class="name">$title</p></div></div>'
)
DIAL_OF_UNIT = Markup(
    '<label class="dial"><span><i>f</i> &times; <output>1</output></span>'
    '<input type="range" min="$low" max="$high" step="$step" value="1" data-dial="$number"'
    ' aria-label="f of unit $number, times"></label>'
)


class Board(Part):
    """Both nets, unit by unit, with a lens to look through.

    Which parts of a net are altered also goes into every [data-altered] of the page.
    """

    def __init__(
        self, classifiers: Mapping[str, Classifier], lesions: Mapping[str, Any] | None = None
    ) -> None:
        low, high = DIAL
        super().__init__(
            "board",
            template("board.html").substitute(
                lenses="".join(map(choice, lenses.LENSES)),
                nets="".join(row(variant, net) for variant, net in classifiers.items()),
                dials="".join(
                    DIAL_OF_UNIT.substitute(number=number, low=low, high=high, step=STEP)
                    for number in range(1, UNITS + 1)
                ),
            ),
            shared=("warning", "panel"),
            units=UNITS,
            side=ink.SIDE,
            tiled=lenses.TILED,
            nets=[
                {
                    "variant": variant,
                    "title": LOOKS[variant]["title"],
                    "stays": [i for i, unit in units_of(net) if not can_be_out(unit)],
                    "hasShortcuts": any(unit.use_residual for _, unit in units_of(net)),
                    "measured": figures(variant, net, lesions),
                }
                for variant, net in classifiers.items()
            ],
        )


def units_of(net: Classifier) -> Any:
    return list(enumerate(net.body.units(), 1))


def choice(lens: str) -> str:
    checked = " checked" if lens == lenses.LENSES[0] else ""
    return (
        f'<label><input type="radio" name="lens" value="{lens}"{checked}>{t(TITLES[lens])}</label>'
    )


def row(variant: str, net: Classifier) -> str:
    look = {**LOOKS[variant], "variant": variant, "inside": INSIDE}
    look["name"] = t("with shortcuts") if net.body.use_residual else t("without shortcuts")
    units = STEM.substitute(look)
    for number, unit in units_of(net):
        kind, arc = "", '<span class="arc"></span>'
        if unit.use_residual:
            kind = "1&times;1" if unit.changes_shape else ""
            arc = ARC.substitute(number=number, kind="projected" if unit.changes_shape else "")
        elif not can_be_out(unit):
            kind = t("changes size")
        units += UNIT.substitute(look, number=number, kind=kind, arc=arc)
    return ROW.substitute(look, units=units)


def figures(
    variant: str, net: Classifier, lesions: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The measured figures of this very net, and of the same net trained from other seeds.

    None where the table is of other weights: rather no figures than wrong ones.
    """
    table = lesions or {}
    shipped = table.get("shipped", {}).get(variant)
    if not shipped or shipped["weights_sha256"] != net.about.get("weights_sha256"):
        return None
    return {
        "shipped": shipped,
        "seeds": [seed[variant] for seed in table.get("seeds", []) if variant in seed],
        # These nets were trained for less long than the shipped one: the page says so.
        "epochs": table.get("about", {}).get("recipe of the seeds", {}).get("epochs"),
    }
