"""All nets that are left when units are taken out of one, as a triangle of dots.

A row holds the nets with equally many units out; a dot is one of them, and says what it reads.
"""

import math
from collections.abc import Mapping
from statistics import median
from string import Template
from typing import Any

from resnet import paths
from resnet.classifier import Classifier
from resnet.studies.lesion import Counts, by_how_many
from resnet.surgery import UNITS, can_be_out
from ui.board import figures, units_of
from ui.cards import LOOKS
from ui.part import Ahead, Part, template
from ui.reading import EveryWay, Reader

ALONE = "This browser cannot run the nets, and this page has no server that could."
NET = Template(
    '<div class="net $variant" role="group" aria-labelledby="paths-$variant" data-net="$variant">'
    '<h3 id="paths-$variant">$sign<span>$title: $count nets</span></h3>'
    '<p class="row heads"><span>out</span><span></span><span>this drawing</span>'
    '<span>test digits</span></p>$rows<p class="end">$end</p></div>'
)
ROW = Template(
    '<div class="row" data-row="$out" style="--wide: $wide; --narrow: $narrow"><b>$out</b>'
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
            shared=("warning",),
            ahead={"every_way": Ahead((), ALONE)},
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
    shares = medians(measured["shipped"]) if measured else {}
    stays = [number for number, unit in units_of(net) if not can_be_out(unit)]
    most = UNITS - len(stays)
    return NET.substitute(
        LOOKS[variant],
        variant=variant,
        count=2**most,
        rows="".join(row(out, math.comb(most, out), shares.get(out)) for out in range(most + 1)),
        end=at_the_end(stays, shares.get(most)),
    )


def row(out: int, nets: int, share: float | None) -> str:
    return ROW.substitute(
        out=out,
        wide=math.ceil(nets / WIDE),
        narrow=math.ceil(nets / NARROW),
        median="&ndash;" if share is None else f"{share:.1%}".replace("%", " %"),
    )


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


def at_the_end(stays: list[int], share: float | None) -> str:
    """What is to be said where nothing more can be taken out."""
    if stays:
        *others, last = map(str, stays)
        return (
            f"Units {', '.join(others)} and {last} change the size, so they can’t be removed: "
            f"{2 ** (UNITS - len(stays))} nets, not {2**UNITS}."
        )
    found = "" if share is None else f": right on {share:.1%} of the test digits".replace("%", " %")
    return (
        f"All {UNITS} out, only shortcuts are left{found}. These are not {2**UNITS} good nets in "
        "one: the more units are out, the fewer digits they read."
    )
