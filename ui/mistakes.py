"""The page of mistakes: the test digits that only one net reads right, and those that neither does.

The counts stand in the checkpoints; MNIST itself is read only when a visitor wants to see digits.
"""

import base64
from typing import Any

from resnet import comparison, mnist
from resnet.comparison import Case, Comparison
from resnet.language import N_, listed, t
from ui.cards import LOOKS, accuracy
from ui.markup import Markup
from ui.part import TAB, Ahead, Part, template
from ui.reading import Reader

SHOWN = 60  # digits of a group, or a net that learnt nothing would fill the page
BUTTON = Markup(
    '<button type="button" data-index="$index" disabled>'
    "<canvas></canvas><span><b></b> read as $said</span></button>"
)
ONLY = {
    "residual": N_("Only the net with shortcuts gets these"),
    "plain": N_("Only the net without gets these"),
}


class Mistakes(Part):
    """The comparison of both nets: a sentence, a table, and the digits as buttons.

    mistakes.js asks for the digits when the page of mistakes is first seen, and puts one that is
    chosen on the pad. Where the nets cannot be compared there is one sentence only.
    """

    def __init__(self, reader: Reader) -> None:
        try:
            found = comparison.compare({v: net.about for v, net in reader.classifiers.items()})
        except comparison.ComparisonError as error:
            sentence = f'<p class="finding" data-testid="finding">{error}</p>'
            super().__init__("mistakes", sentence, shared=TAB)
            return
        groups = {variant: found.only(variant)[:SHOWN] for variant in LOOKS}
        groups["neither"] = found.neither[:SHOWN]

        def digits(_: Any) -> dict[str, Any]:
            test = reader.test_digits()
            return {
                "digits": [as_json(test, case.index) for cases in groups.values() for case in cases]
            }

        shared = ("button", *TAB)
        super().__init__("mistakes", panel(found), [digits], shared, ahead={"digits": Ahead()})


def as_json(test: mnist.Split, index: int) -> dict[str, Any]:
    """A test digit for the browser, its pixels the base64 of 28x28 grey levels, 255 for ink."""
    pixels = base64.b64encode(test.images[index].numpy().tobytes()).decode()
    return {"index": index, "label": int(test.labels[index]), "pixels": pixels}


def panel(found: Comparison) -> str:
    return template("mistakes.html").substitute(
        finding=comparison.finding(found),
        total=f"{found.total:,}",
        scores="".join(score(found, variant) for variant in LOOKS),
        only="".join(
            group(
                variant,
                t(ONLY[variant]),
                t("The other net misreads them"),
                found.only(variant),
            )
            for variant in LOOKS
        ),
        neither=group(
            "neither", t("Neither net gets these"), t("Both misread them"), found.neither
        ),
    )


def score(found: Comparison, variant: str) -> str:
    look = LOOKS[variant]
    right = found.right(variant)
    low, high = (f"{100 * share:.2f}" for share in found.interval(variant))
    return (
        f'<tr class="{variant}"><th>{look["sign"]}{look["title"]}</th>'
        f"<td>{right:,}</td>"
        f"<td>{accuracy({'right': right, 'total': found.total})}</td>"
        f"<td>{low} &ndash; {high} %</td></tr>"
    )


def group(name: str, title: str, about: str, cases: list[Case]) -> str:
    if len(cases) > SHOWN:
        about = t("{about}, the first {n} shown", about=about, n=SHOWN)
    return template("mistakes_group.html").substitute(
        name=name,
        title=title,
        about=about,
        count=f"{len(cases)}",
        sign=LOOKS[name]["sign"] if name in LOOKS else "",
        digits="".join(map(button, cases[:SHOWN])),
    )


def button(case: Case) -> str:
    """A digit to choose; mistakes.js fills in its picture and its label."""
    said = dict.fromkeys(str(digit) for digit in case.said.values() if digit is not None)
    return BUTTON.substitute(index=case.index, said=listed([*said]))
