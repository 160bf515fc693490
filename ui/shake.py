"""Shake it: a drawing nudged by a hair, and what that does to the gradients of new nets."""

import base64
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from string import Template
from typing import Any

from torch import Tensor

from resnet import ink, mnist, samples
from resnet.checkpoint import VARIANTS
from resnet.language import N_, t
from resnet.studies import shake, shattered_verdict
from resnet.studies.depth import WIDTH
from resnet.studies.runs import StudyError
from resnet.studies.shake import Shaken, Shaker
from resnet.studies.shattered import ShatteredTable
from resnet.studies.shattered_verdict import Case, Likeness
from ui.cards import LOOKS
from ui.link import FIRST
from ui.markup import Markup
from ui.part import TAB, Ahead, Part, template
from ui.question import decoded, fault
from ui.reading import Reader, encoded

NOTHING = N_("The runs of this study are missing here: python -m resnet shattered makes them.")
ALONE = N_("This browser cannot compute the gradients, and this page has no server that could.")
USUAL = 0.002, 34  # nudge and layers on arrival
BRIGHTEST = 3  # deviations of a gradient from 0, for its pictures
OPTION = Template(
    '<label><input type="radio" name="shake-$name" value="$value"$checked>$title</label>'
)
BAR = Template(
    '<li data-layers="$layers"><span>$layers</span><span class="track"><i style="width: $share%">'
    '</i></span><span class="number">$figures</span></li>'
)


LIST = Markup(
    '<ol class="stored" data-nudge="$nudge" aria-label="Stored cosines by layers"$hidden>$bars</ol>'
)

Stored = Mapping[Case, Mapping[str, Likeness]]


class Shake(Part):
    """Two gradients a net, of the drawing and of its nudged copy, beside what is stored of both.

    shake.js asks the page's worker for them, and where that cannot, the server. table is that of
    results/shattered.json, None where there is none: a sentence says so.
    """

    def __init__(self, reader: Reader, table: ShatteredTable | None) -> None:
        found = likeness(table)

        @functools.cache  # reading MNIST takes a second
        def others() -> Tensor:
            try:
                return shake.company(mnist.load(reader.data).train)
            except mnist.DataError as error:
                raise fault(
                    t("The digits that fill the batch are missing on this server.")
                ) from error

        def company(_: Any) -> dict[str, Any]:
            return {"others": base64.b64encode(b"".join(map(ink.grey_levels, others()))).decode()}

        def shaken(wish: Any) -> dict[str, Any]:
            asked = wish_of(wish)
            with reader.turn(is_heavy=True):
                return as_json(answered(asked, others()))

        super().__init__(
            "shake",
            template("shake.html").substitute(
                finding=escape(shattered_verdict.headline(found, USUAL) if found else t(NOTHING)),
                caution=escape(shattered_verdict.caution(found) if found else ""),
                width=WIDTH,
                batch=shake.BATCH - 1,
                nudges=options("nudge", shake.NUDGES),
                depths=options("layers", shake.DEPTHS),
                nets="".join(net(variant, found) for variant in VARIANTS),
                of=escape(shattered_verdict.provenance(table) if table and found else ""),
            ),
            [company, shaken],
            ("button", *TAB),
            ahead={"company": Ahead(), "shaken": Ahead((), t(ALONE))},
            rules={"variants": VARIANTS, "width": WIDTH, "grain": shake.GRAIN},
            sample={"picture": encoded(ink.from_strokes(samples.sample(FIRST))), "label": FIRST},
            words=[(least, t(words)) for least, words in shattered_verdict.WORDS],
            seeds=shake.SEEDS,
        )


def likeness(table: ShatteredTable | None) -> Stored:
    """What is stored; nothing where there is none, or none of a whole seed."""
    try:
        return {} if table is None else shattered_verdict.likeness(table)
    except StudyError:
        return {}


def options(name: str, values: Sequence[float]) -> str:
    return "".join(
        OPTION.substitute(
            name=name,
            value=f"{value:g}",
            title=shattered_verdict.in_percent(value) if name == "nudge" else value,
            checked=" checked" if value in USUAL else "",
        )
        for value in values
    )


def net(variant: str, found: Stored) -> str:
    """A net's pictures, to be filled, and what is stored of it: a list a nudge."""
    bars: dict[float, str] = {}
    for (nudge, layers), nets in found.items():
        of_net = nets[variant]
        bars[nudge] = bars.get(nudge, "") + BAR.substitute(
            layers=layers,
            share=f"{100 * max(of_net.median, 0):.0f}",
            figures=shattered_verdict.with_range(of_net),
        )
    return template("shake_net.html").substitute(
        LOOKS[variant],
        variant=variant,
        stored="".join(
            LIST.substitute(
                nudge=f"{nudge:g}", bars=of_nudge, hidden=" hidden" * (nudge != USUAL[0])
            )
            for nudge, of_nudge in bars.items()
        ),
    )


# --- live ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """What is asked of the server."""

    picture: Tensor  # (1, 32, 32)
    label: int
    layers: int
    seed: int
    nudge: float


def wish_of(wish: Any) -> Wish:
    """Of {"picture": base64 of grey levels, "label", "layers", "seed", "nudge"}; gr.Error for
    anything that is not offered."""
    match wish:
        case {
            "picture": str(levels), "label": label, "layers": layers, "seed": seed, "nudge": nudge
        } if (
            all(type(value) is int for value in (label, layers, seed))
            and label in range(10)
            and layers in shake.DEPTHS
            and seed in range(shake.SEEDS)
            and nudge in shake.NUDGES
        ):  # fmt: skip
            try:
                return Wish(ink.from_grey_levels(decoded(levels)), label, layers, seed, nudge)
            except ink.InkError as error:
                raise fault(str(error)) from error
    raise fault(t("There are no such nets."))


def answered(wish: Wish, others: Tensor) -> Shaken:
    (found,) = Shaker(wish.layers, wish.seed).shake(wish.picture, wish.label, [wish.nudge], others)
    return found


def as_json(shaken: Shaken) -> dict[str, Any]:
    return {
        "drawn": encoded(shaken.drawn.clamp(0, 1)),
        "nudged": encoded(shaken.nudged.clamp(0, 1)),
        "nets": {
            variant: {
                "cosine": round(shaken.cosine(variant), 4),
                "pictures": [*map(as_asked, gradients)],
            }
            for variant, gradients in shaken.gradients.items()
        },
    }


def as_asked(gradient: Tensor) -> str:
    """What the net asks of each pixel, for a smaller loss: the darker, the less ink."""
    deviation = gradient.square().mean().sqrt().item() or 1.0
    return encoded((0.5 - gradient / (deviation * 2 * BRIGHTEST)).clamp(0, 1))
