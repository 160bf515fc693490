"""The tab of depth: does the deeper net overfit, accuracy by depth, the gradient thermometer."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from string import Template
from typing import Any, TypeVar

from resnet.language import N_, in_a_row, t
from resnet.stats import seeds_in_words
from resnet.studies import birth_verdict, depth, depth_verdict, stuck_verdict
from resnet.studies.birth import BirthTable
from resnet.studies.depth import Case, DepthTable, When
from resnet.studies.depth_results import Results, results
from resnet.studies.gradients import Gradients, arrival
from resnet.studies.runs import StudyError
from resnet.studies.shares import Shares
from resnet.studies.stuck import StuckTable
from ui import depth_figures
from ui.cards import LOOKS
from ui.markup import Markup
from ui.once import drawn_once
from ui.part import TAB, Ahead, Part, template
from ui.question import fault
from ui.reading import Reader

NOTHING = N_("The runs of this study are missing here: python -m resnet depth makes them.")
ALONE = N_(
    "An error is sent back by a server, and this page has none: the bars are of stored runs."
)
SOON = N_(
    "So few steps show how nets begin to learn; those that read your drawing have trained for much "
    "longer."
)
NO_SHARE = N_("f's share is measured before the first step only.")
OPTION = Template(
    '<label><input type="radio" name="depth-depth" value="$depth"$checked>$depth</label>'
)
NET = Markup(
    '<div class="net $variant" data-net="$variant"><h3>$sign<span>$title</span></h3>'
    '<div class="field"><div class="ticks"></div><div class="bars" role="img" '
    'aria-label="Gradients, $title"></div>'
    '<p class="ends"><span>stem</span><span>units</span><span>head</span></p></div></div>'
)

Stored = TypeVar("Stored")


@dataclass(frozen=True)
class Story:
    """A stored study that has a section of its own below the thermometer."""

    name: str
    title: str
    sentences: Sequence[str]  # the finding, then its statistics
    why: str
    draw: Callable[[], str]  # its figure


class Depth(Part):
    """What is stored of nets by depth, and both nets' gradients, stored or computed now.

    deep is the table of results/depth.json, born that of results/birth.json, longer that of
    results/stuck.json; None where there is none. Without the first a sentence says so, and an
    error can be sent back all the same.
    """

    def __init__(
        self,
        reader: Reader,
        deep: DepthTable | None,
        born: BirthTable | None = None,
        longer: StuckTable | None = None,
    ) -> None:
        found = measured_of(deep, results)
        answer = deep and found and depth_verdict.overfitting(deep, found)
        told = measured_of(longer, stuck_story), measured_of(born, birth_story)
        stories = [story for story in told if story is not None]

        @drawn_once
        def drawn() -> dict[str, str]:
            figures = {story.name: story.draw() for story in stories}
            if deep is not None and found is not None:
                figures["fit"] = depth_figures.fit(deep)
                figures["accuracy"] = depth_figures.accuracy(deep)
            return figures

        def measured(_: Any) -> dict[str, Any]:
            return {"figures": drawn()}

        def send(choice: Any) -> dict[str, Any]:
            return sent(choice, reader)

        super().__init__(
            "depth",
            template("depth.html").substitute(
                words(deep, found),
                unasked="" if answer else "hidden",
                digits=depth.ONE_ERROR,
                sign=LOOKS["residual"]["sign"],
                depths="".join(
                    OPTION.substitute(
                        depth=layers, checked=" checked" if layers == depth.DEPTHS[2] else ""
                    )
                    for layers in depth.DEPTHS
                ),
                nets="".join(
                    NET.substitute(look, variant=variant) for variant, look in LOOKS.items()
                ),
                stories="".join(map(section, stories)),
            ),
            [measured, send],
            ("button", *TAB),
            ahead={"measured": Ahead(), "send": Ahead((), t(ALONE))},
            stored={} if found is None else thermometer(found),
            overfitting=answer and dict(zip(("isSo", "why"), answer, strict=True)),
        )


def measured_of(table: Any, read: Callable[[Any], Stored]) -> Stored | None:
    """What can be read of a stored table; None where there is none, or one of another kind."""
    try:
        return None if table is None else read(table)
    except (StudyError, KeyError):
        return None


def words(table: DepthTable | None, found: Results | None) -> dict[str, str]:
    """The sentences of the page, empty where nothing is stored."""
    said = dict.fromkeys(("beside", "bare", "width", "flow", "weights"), "")
    if table is None or found is None:
        return {**said, "finding": escape(t(NOTHING)), "hidden": "hidden"}
    said = {
        "finding": depth_verdict.headline(table, found),
        "beside": in_a_row([t(SOON), depth_verdict.beside(table, found)]),
        "bare": depth_verdict.bare(found),
        "width": depth_verdict.width(found),
        "flow": depth_verdict.flow(found, True, "start"),
        "weights": depth_verdict.first_weights(found),
    }
    return {**{name: escape(text) for name, text in said.items()}, "hidden": ""}


def birth_story(table: BirthTable) -> Story:
    return Story(
        "birth",
        t("Turned down before the first step"),
        birth_verdict.sentences(table),
        t(
            "A unit adds f(x) to what it gets. Batch norm keeps f small beside what has piled up, "
            "as the share of f shows above; without it f can begin small instead (De and Smith, "
            "arXiv 2002.10444; Zhang et al., arXiv 1901.09321)."
        ),
        lambda: depth_figures.birth(table),
    )


def stuck_story(table: StuckTable) -> Story:
    return Story(
        "stuck",
        t("Stuck, or slow?"),
        stuck_verdict.sentences(table),
        t(
            "The same nets, digits and rates, for ten times as many steps: as they are, with "
            "gradients clipped to a norm of 1, and with a rate that climbs over the first steps."
        ),
        lambda: depth_figures.stuck(table),
    )


def section(story: Story) -> str:
    headline, *rest = map(escape, story.sentences)
    return template("depth_story.html").substitute(
        name=story.name,
        title=escape(story.title),
        headline=headline,
        why=escape(story.why),
        statistics="".join(f'<p class="note">{text}</p>' for text in rest),
    )


# --- the thermometer -------------------------------------------------------------------------


def thermometer(found: Results) -> dict[str, Any]:
    """The stored medians of every choice, and what they say."""
    stored = {}
    for case, result in found.items():
        if case != Case(case.depth, case.has_norm):  # of live taps, or of full width
            continue
        for when in depth_verdict.WHEN:
            nets = result.gradient(when)
            seeds = seeds_in_words(len(result.seeds))
            says = saying(nets, case.depth, case.has_norm, when)
            stored[f"{case.depth} {case.has_norm} {when}".lower()] = {
                "nets": nets,
                "says": in_a_row([says, t("Medians of {seeds}.", seeds=seeds)]),
                **shared(share_of(found, case, when)),
            }
    return stored


def share_of(found: Results, case: Case, when: When) -> Shares:
    """Of f, as it is measured of nets that begin so; none where it is not."""
    if when == "live":
        case = Case(case.depth, case.has_norm, is_live=True)
    return found[case].share if case in found and when != "end" else []


def shared(share: Shares) -> dict[str, Any]:
    """f's share in every unit, and one sentence on it."""
    if not share:
        return {"share": share, "shareSays": t(NO_SHARE)}
    first, stage, last = map(depth_verdict.percent, depth_verdict.ends_of(share))
    return {
        "share": share,
        "shareSays": t(
            "Of what a unit with a shortcut passes on, {first} is f's in the first unit, {stage} "
            "in the last of the first stage and {last} in the last of all; the rest comes by the "
            "shortcut.",
            first=first,
            stage=stage,
            last=last,
        ),
    }


def saying(nets: Mapping[str, Gradients], layers: int, has_norm: bool, when: When) -> str:
    """How the gradient changes on its way to the stem, in both nets."""
    ways = t("; ").join(
        t("{net} {arrival}", net=t(depth_verdict.NETS[variant]), arrival=arrival(values))
        for variant, values in nets.items()
    )
    return t(
        "{layers} layers {norm}, {when}: {ways}.",
        layers=layers,
        norm=t(depth_verdict.NORMS[has_norm]),
        when=t(depth_verdict.WHEN[when]),
        ways=ways,
    )


def sent(choice: Any, reader: Reader) -> dict[str, Any]:
    """One error sent back through both nets, untrained, of a seed drawn now."""
    layers, has_norm = choice_of(choice)
    seed = secrets.choice(depth.FRESH)
    with reader.turn(is_heavy=True):
        digits = reader.test_digits()
        nets, share = depth.sent_back(layers, has_norm, seed, digits.first(depth.ONE_ERROR))
    return {
        "nets": nets,
        "says": in_a_row(
            [
                saying(nets, layers, has_norm, "start"),
                t(
                    "The error of {digits} test digits, just now, seed {seed}.",
                    digits=depth.ONE_ERROR,
                    seed=seed,
                ),
            ]
        ),
        **shared(share),
    }


def choice_of(choice: Any) -> tuple[int, bool]:
    """Layers and has_norm; gr.Error for anything that is not offered."""
    match choice:
        case {"depth": layers, "has_norm": bool(has_norm)} if (
            type(layers) is int and layers in depth.DEPTHS
        ):
            return layers, has_norm
    raise fault(t("There are no such nets."))
