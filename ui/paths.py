"""All nets that are left when units are taken out of one, as a triangle of dots.

A row holds the nets with equally many units out; a dot is one of them, and says what it reads.
"""

import math
from collections.abc import Mapping
from statistics import median
from typing import Any

from resnet import paths
from resnet.classifier import Classifier
from resnet.language import N_, listed, t
from resnet.studies.lesion import Counts, by_how_many
from resnet.surgery import UNITS, can_be_out
from ui.board import figures, units_of
from ui.cards import LOOKS
from ui.markup import Markup
from ui.part import Ahead, Part, template
from ui.reading import EveryWay, Reader

ALONE = N_("This browser cannot run the nets, and this page has no server that could.")
NET = Markup(
    '<div class="net $variant" role="group" aria-labelledby="paths-$variant" data-net="$variant">'
    '<h3 id="paths-$variant">$sign<span>$title: $count nets</span></h3>'
    '<p class="row heads"><span>units out</span><span></span><span>this drawing</span>'
    '<span>test digits</span></p>$rows<p class="end">$end</p></div>'
)
ROW = Markup(
    '<div class="row" data-row="$out" style="--wide: $wide; --narrow: $narrow">'
    '<b data-said=" out">$out</b>'
    '<div class="dots"></div><span class="count">&ndash;</span><span>$median</span></div>'
)
WIDE, NARROW = 28, 14  # dots to a line, on a wide screen and on a phone; paths.css knows them too


class Paths(Part):
    """A triangle of dots a net; what they say is asked for while they are in sight."""

    def __init__(self, reader: Reader, lesions: Mapping[str, Any] | None = None) -> None:
        def every_way(asked: Any) -> EveryWay:
            return reader.every_way(asked)

        super().__init__(
            "paths",
            template("paths.html").substitute(
                nets="".join(
                    triangle(variant, net, lesions) for variant, net in reader.classifiers.items()
                )
            ),
            [every_way],
            shared=("warning", "panel"),
            ahead={"every_way": Ahead((), t(ALONE))},
            nets=[
                {
                    "variant": variant,
                    "title": LOOKS[variant]["title"],
                    "ways": paths.ways(net.body),
                }
                for variant, net in reader.classifiers.items()
            ],
        )


def triangle(variant: str, net: Classifier, lesions: Mapping[str, Any] | None) -> str:
    measured = figures(variant, net, lesions)
    counts: Counts | None = measured["shipped"] if measured else None
    shares = medians(counts) if counts else {}
    stays = [number for number, unit in units_of(net) if not can_be_out(unit)]
    most = UNITS - len(stays)
    return NET.substitute(
        LOOKS[variant],
        variant=variant,
        count=2**most,
        rows="".join(row(out, math.comb(most, out), shares.get(out)) for out in range(most + 1)),
        end=that_stay(stays) if stays else all_out(counts),
    )


def row(out: int, nets: int, share: float | None) -> str:
    return ROW.substitute(
        out=out,
        wide=math.ceil(nets / WIDE),
        narrow=math.ceil(nets / NARROW),
        median="&ndash;" if share is None else percent(share),
    )


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def medians(counts: Counts) -> dict[int, float]:
    """By how many units are out, of the share of test digits that each net reads right; where not
    all of them were measured, nothing."""
    rows = by_how_many(counts)
    most = max(rows)
    return {
        out: median(right) / counts["total"]
        for out, right in rows.items()
        if len(right) == math.comb(most, out)
    }


def that_stay(stays: list[int]) -> str:
    """Why there are no more nets."""
    return t(
        "Units {units} change the size, so they can’t be removed: {left} nets, not {all}.",
        units=listed(stays),
        left=2 ** (UNITS - len(stays)),
        all=2**UNITS,
    )


def all_out(counts: Counts | None) -> str:
    """What is left at the end, and that it is no ensemble for free."""
    rows = by_how_many(counts) if counts else {}
    if counts is None or UNITS not in rows:
        return t(
            "With all {units} units out, only shortcuts are left between stem and last layer.",
            units=UNITS,
        )
    (end,) = rows[UNITS]
    nets = [right for of_row in rows.values() for right in of_row]
    few = sum(2 * right < counts["total"] for right in nets)
    return t(
        "With all {units} units out, only shortcuts are left between stem and last layer: that net "
        "reads {share} of the test digits, guessing 10 %. You do not get {all} good nets for free: "
        "{few} of them read fewer than half.",
        units=UNITS,
        share=percent(end / counts["total"]),
        all=len(nets),
        few=few,
    )
