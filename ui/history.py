"""The tab of the trainings: how both shipped nets came to be, as their checkpoints tell it."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Literal

from resnet import history
from resnet.checkpoint import About
from resnet.classifier import Classifier
from resnet.history import Course
from resnet.language import N_, t
from resnet.stats import wilson_interval
from ui.cards import LOOKS
from ui.once import drawn_once
from ui.part import TAB, Ahead, Part, template

SHORT = 12  # characters of a hash
# What a checkpoint of an older kind, or a crafted one, leads to.
FIGURES_MISSING = (KeyError, TypeError, ValueError, ArithmeticError)


class TrainingHistory(Part):
    """The facts of both trainings as a table, and what they noted on the way as plots.

    history.js asks for the plots when the tab is first seen. A net whose checkpoint tells no
    history is left out of them, and a sentence says so.
    """

    def __init__(self, classifiers: Mapping[str, Classifier]) -> None:
        abouts = {
            variant: classifiers[variant].about for variant in LOOKS if variant in classifiers
        }
        told = history.courses(abouts)

        @drawn_once
        def pictures() -> str:
            # matplotlib takes a while to load, which the page's start should not
            from ui.history_plots import errors_plot, gradient_plot, loss_plot

            return loss_plot(told) + errors_plot(told) + gradient_plot(told)

        def courses(_: Any) -> dict[str, str]:
            return {"plots": pictures() if told else ""}

        html = template("history.html").substitute(
            finding=finding(abouts),
            results=table(RESULTS, abouts),
            recipe=table(RECIPE, abouts),
            missing=missing(told),
        )
        super().__init__("history", html, [courses], TAB, ahead={"courses": Ahead()})


def missing(told: Mapping[str, Course]) -> str:
    """Whose history cannot be shown, one sentence a net."""
    return " ".join(
        t(
            "The history of the {variant} net cannot be shown: there is no checkpoint that tells "
            "it.",
            variant=t(variant),
        )
        for variant in LOOKS
        if variant not in told
    )


# --- the facts -------------------------------------------------------------------------------


def finding(abouts: Mapping[str, About]) -> str:
    """How many test digits each net reads; where a score is missing, a title without figures."""
    try:
        scores = {variant: abouts[variant]["test"] for variant in LOOKS}
        read = {v: f"{100 * one['right'] / one['total']:.2f}" for v, one in scores.items()}
    except FIGURES_MISSING:
        return t("How these nets were trained")
    return t(
        "Trained alike, the net with shortcuts reads {residual} of 100 test digits, the one "
        "without {plain}.",
        **read,
    )


def score(part: Literal["test", "validation", "styles"]) -> Callable[[About], str]:
    def of_part(about: About) -> str:
        right, total = about[part]["right"], about[part]["total"]
        low, high = (100 * share for share in wilson_interval(right, total))
        return t(
            "{right} of {total}, {share} % ({low} to {high})",
            right=f"{right:,}",
            total=f"{total:,}",
            share=f"{100 * right / total:.2f}",
            low=f"{low:.2f}",
            high=f"{high:.2f}",
        )

    return of_part


def kept(about: About) -> str:
    steps = [epoch["step"] for epoch in about["history"]["epochs"]]
    number = steps.index(about["best_step"]) + 1
    return t(
        "epoch {epoch} of {epochs}, step {step} of {steps}",
        epoch=number,
        epochs=len(steps),
        step=f"{about['best_step']:,}",
        steps=f"{about['steps']:,}",
    )


def batches(about: About) -> str:
    recipe = about["recipe"]
    more = recipe["written"] + recipe["printed"] + recipe["not_digits"]
    return t(
        "{all} pictures: {mnist} of MNIST, {written} of the pen, {printed} of fonts, {none} no "
        "digits",
        all=recipe["batch_size"],
        mnist=recipe["batch_size"] - more,
        written=recipe["written"],
        printed=recipe["printed"],
        none=recipe["not_digits"],
    )


def descent(about: About) -> str:
    recipe = about["recipe"]
    return t(
        "SGD, rate up to {rate} after {climb} % of the steps and down to 0, momentum {momentum}, "
        "weight decay {decay}, label smoothing {smoothing}",
        rate=f"{recipe['peak_rate']:g}",
        climb=f"{100 * recipe['climb']:.0f}",
        momentum=f"{recipe['momentum']:g}",
        decay=f"{recipe['weight_decay']:g}",
        smoothing=f"{recipe['label_smoothing']:g}",
    )


def took(about: About) -> str:
    minutes = f"{about['seconds'] / 60:.0f}"
    return t("{minutes} minutes, {date}", minutes=minutes, date=about["date"])


Facts = dict[str, Callable[[About], str]]
RESULTS: Facts = {
    N_("Test digits right (95 % interval)"): score("test"),
    N_("Validation digits right"): score("validation"),
    N_("Held-out styles right"): score("styles"),
}
RECIPE: Facts = {
    N_("Weights kept"): kept,
    N_("Batch"): batches,
    N_("Descent"): descent,
    N_("Seed"): lambda about: str(about["seed"]),
    N_("Took"): took,
    N_("Machine"): lambda about: f"{about['device']}; torch {about['torch']}",
    N_("Weights, sha256"): lambda about: about["weights_sha256"][:SHORT],
    N_("Data, sha256"): lambda about: about["data_sha256"][:SHORT],
}


def table(facts: Facts, abouts: Mapping[str, About]) -> str:
    """A row a fact; what both nets have alike is said once."""
    columns = "".join(
        f'<th class="{variant}" scope="col">{LOOKS[variant]["sign"]}{LOOKS[variant]["title"]}</th>'
        for variant in abouts
    )
    rows = "".join(row(t(name), [stated(fact, about) for about in abouts.values()])
                   for name, fact in facts.items())  # fmt: skip
    return f"<table><thead><tr><td></td>{columns}</tr></thead><tbody>{rows}</tbody></table>"


def row(name: str, values: list[str]) -> str:
    is_shared = len(values) > 1 and len(set(values)) == 1
    cells = (
        f'<td colspan="{len(values)}">{escape(values[0])}</td>'
        if is_shared
        else "".join(f"<td>{escape(value)}</td>" for value in values)
    )
    return f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'


def stated(fact: Callable[[About], str], about: About) -> str:
    try:
        return fact(about)
    except FIGURES_MISSING:
        return t("not told")
