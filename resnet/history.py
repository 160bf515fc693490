"""How the trainings of the shipped nets went: the course that each checkpoint tells, and findings.

One training a net, from the same seed and with the same batches: what is said here holds for these
two, and other seeds may differ.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resnet.checkpoint import VARIANTS, About

LEARNT = 1.0  # a loss that both nets pass early, where the first steps can still be told apart
REACH = 12  # records to either side that a smoothed one is the mean of at most: 12 * 20 steps
EPOCH = ("step", "right", "right_unaveraged", "total", "styles_right", "styles_total")


@dataclass(frozen=True)
class Course:
    """The notes of training.record and training.judge_epoch on one net."""

    step: list[int]  # steps done before each record
    loss: list[float]  # of that step's batch
    gradient_norm: dict[str, list[float]]  # module -> over all its parameters, of the same batch
    epochs: list[dict[str, int]]
    kept: int  # which of the epochs, from 0, the checkpoint holds

    @property
    def chosen(self) -> dict[str, int]:
        return self.epochs[self.kept]

    def in_first_epoch(self, values: Sequence[float]) -> list[float]:
        """Those of the records that fall into it."""
        end = self.epochs[0]["step"]
        return [value for step, value in zip(self.step, values, strict=True) if step < end]

    def in_last_epoch(self, values: Sequence[float]) -> list[float]:
        """Those of the records that fall into it."""
        begin = self.epochs[-2]["step"] if len(self.epochs) > 1 else 0
        return [value for step, value in zip(self.step, values, strict=True) if step >= begin]

    def learnt(self) -> int | None:
        """The first recorded step with a loss below LEARNT."""
        below = (step for step, loss in zip(self.step, self.loss, strict=True) if loss < LEARNT)
        return next(below, None)


def courses(abouts: Mapping[str, About]) -> dict[str, Course]:
    """The course of every net whose checkpoint tells one, the residual net first."""
    told = {v: course_of(abouts[v]) for v in VARIANTS if v in abouts}
    return {variant: course for variant, course in told.items() if course is not None}


def course_of(about: About) -> Course | None:
    """None where the metadata have no history, or one that cannot be read."""
    match about:
        case {
            "best_step": int(best),
            "history": {
                "step": [_, *_] as step,
                "loss": [*loss],
                "gradient_norm": {"1 stem": _, **rest} as norms,
                "epochs": [_, *_] as epochs,
            },
        } if (
            rest
            and all(type(one) is int for one in step)
            and all(are_records(values, len(step)) for values in (loss, *norms.values()))
            and all(map(is_epoch, epochs))
            and best in (steps := [epoch["step"] for epoch in epochs])
        ):
            return Course(step, loss, dict(norms), epochs, steps.index(best))
    return None


def are_records(values: Any, count: int) -> bool:
    """As many numbers above 0: none other has a place on a logarithmic axis."""
    return (
        isinstance(values, list)
        and len(values) == count
        and all(type(one) in (int, float) and 0 < one < math.inf for one in values)
    )


def is_epoch(epoch: Any) -> bool:
    return (
        isinstance(epoch, dict)
        and all(type(epoch.get(key)) is int for key in EPOCH)
        and 0 <= epoch["right"] <= epoch["total"]
        and 0 <= epoch["right_unaveraged"] <= epoch["total"]
        and 0 <= epoch["styles_right"] <= epoch["styles_total"]
    )


def smoothed(values: Sequence[float]) -> list[float]:
    """Running means over REACH records to either side; over fewer near the end, evenly, and at the
    start, where over a quarter of what lies before: on a logarithmic axis a steep start looks late
    otherwise. The first and the last stay what they are.
    """
    reaches = [min(i // 4, len(values) - 1 - i, REACH) for i in range(len(values))]
    return [statistics.fmean(values[i - r : i + r + 1]) for i, r in enumerate(reaches)]


# --- as sentences ----------------------------------------------------------------------------


def loss_finding(told: Mapping[str, Course]) -> str:
    """Who learns sooner, and where the loss ends."""
    ends = {v: f"{statistics.fmean(c.in_last_epoch(c.loss)):.3f}" for v, c in told.items()}
    return f"{sooner({v: c.learnt() for v, c in told.items()})} Last epoch's mean: {each(ends)}."


def sooner(learnt: Mapping[str, int | None]) -> str:
    reached = {variant: step for variant, step in learnt.items() if step is not None}
    level = f"a loss below {LEARNT:g}"
    if not reached:
        return f"No recorded batch has {level}."
    first, *others = sorted(reached, key=lambda variant: reached[variant])
    if others and reached[first] == reached[others[0]]:
        return f"Both nets first have {level} at step {reached[first]}."
    text = f"The {first} net first has {level} at step {reached[first]}"
    if others:
        return f"{text}, the {others[0]} net at step {reached[others[0]]}."
    return (
        f"{text}, the {(set(learnt) - {first}).pop()} net never." if len(learnt) > 1 else f"{text}."
    )


def errors_finding(told: Mapping[str, Course]) -> str:
    """How many validation digits the kept nets misread.

    Whether that tells them apart is no question for these: they chose the epoch.
    """
    totals = {course.chosen["total"] for course in told.values()}
    wrong = {v: f"{c.chosen['total'] - c.chosen['right']:,}" for v, c in told.items()}
    if len(totals) > 1:  # other digits: nothing to hold against each other
        wrong = {v: f"{count} of {told[v].chosen['total']:,}" for v, count in wrong.items()}
        return f"Misread validation digits of the kept epoch: {each(wrong)}."
    return f"The kept epoch misreads {each(wrong)} of {totals.pop():,} validation digits."


def gradient_finding(told: Mapping[str, Course]) -> str:
    """How large the gradient of the stem is at first and at last."""
    stems = {variant: course.gradient_norm["1 stem"] for variant, course in told.items()}
    at_first = {variant: f"{norms[0]:.3g}" for variant, norms in stems.items()}
    at_last = {
        variant: f"{statistics.median(course.in_last_epoch(stems[variant])):.2g}"
        for variant, course in told.items()
    }
    text = f"Gradient norm at the stem: {each(at_first)} at the first step"
    if len(told) > 1 and len(set(at_first.values())) > 1:
        large, small = sorted(stems, key=lambda variant: -stems[variant][0])
        times = stems[large][0] / stems[small][0]
        text = (
            f"At the first step the gradient at the stem is {times:.1f} times as large in the "
            f"{large} net ({at_first[large]}) as in the {small} one ({at_first[small]})"
        )
    return f"{text}. Median of the last epoch: {each(at_last)}."


def each(values: Mapping[str, str]) -> str:
    """The values net by net, or once where both are alike."""
    if len(values) > 1 and len(set(values.values())) == 1:
        return f"{next(iter(values.values()))} (both nets)"
    return " and ".join(f"{value} ({variant})" for variant, value in values.items())
