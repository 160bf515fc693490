"""The answer cards: what each net says to the drawing, side by side."""

from collections.abc import Iterator, Mapping
from typing import Any

from resnet import several
from resnet.checkpoint import VARIANTS
from resnet.classifier import RIVAL, Classifier
from resnet.language import N_, t
from ui.part import Part, template

# A unit on a wire is the sign of both nets; the arc over it is the shortcut.
SIGN = (
    '<svg class="sign" viewBox="0 0 40 26" aria-hidden="true"><path d="M1 17H11M29 17H39" />'
    '<rect x="11" y="11" width="18" height="12" rx="3" />{}</svg>'
)
SIGNS = {
    "residual": SIGN.format('<path d="M6 17C6 -1 34 -1 34 17" />'),
    "plain": SIGN.format(""),
}
TITLES = {"residual": N_("With shortcuts"), "plain": N_("Without")}


class Looks(Mapping[str, dict[str, str]]):
    """Title and sign of each net, in the language that is spoken."""

    def __getitem__(self, variant: str) -> dict[str, str]:
        return {"title": t(TITLES[variant]), "sign": SIGNS[variant]}

    def __iter__(self) -> Iterator[str]:
        return iter(VARIANTS)

    def __len__(self) -> int:
        return len(VARIANTS)


LOOKS = Looks()


class AnswerCards(Part):
    """A card a net, the choice of nets, and one sentence on what both say."""

    def __init__(self, classifiers: Mapping[str, Classifier]) -> None:
        cards = {variant: card(variant, classifiers.get(variant)) for variant in LOOKS}
        titles = {f"{variant}_title": look["title"] for variant, look in LOOKS.items()}
        super().__init__(
            "cards",
            template("cards.html").substitute(cards, **titles),
            nets=[
                {"variant": variant, "title": look["title"], "sign": look["sign"]}
                for variant, look in LOOKS.items()
                if variant in classifiers
            ],
            rival=RIVAL,
        )


def card(variant: str, classifier: Classifier | None) -> str:
    look = LOOKS[variant]
    bars = "".join(
        f'<li><b>{digit}</b><span class="track"><i></i></span><span class="number">0.0</span></li>'
        for digit in range(10)
    )
    digits = "".join(
        f'<label hidden><input type="radio" name="digit-{variant}" value="{place}">'
        "<b></b><small></small></label>"
        for place in range(several.MOST)
    )
    about = t("not loaded: its checkpoint is missing or damaged")
    if classifier:
        about = t("{share} of MNIST", share=accuracy(classifier.about["test"]))
    return template("card.html").substitute(
        look, variant=variant, about=about, bars=bars, digits=digits
    )


def accuracy(score: Mapping[str, Any]) -> str:
    return f"{100 * score['right'] / score['total']:.2f} %"
