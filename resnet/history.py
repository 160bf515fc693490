"""How the trainings of the shipped nets went: the course that each checkpoint tells, and findings.

One training a net, from the same seed and with the same batches: what is said here holds for these
two, and other seeds may differ.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resnet.checkpoint import VARIANTS, About, Epoch
from resnet.language import listed, t

LEARNT = 1.0  # a loss that both nets pass early, where the first steps can still be told apart
REACH = 12  # records to either side that a smoothed one is the mean of at most: 12 * 20 steps
EPOCH = ("step", "right", "right_unaveraged", "total", "styles_right", "styles_total")


@dataclass(frozen=True)
class Course:
    """The notes of training.record and training.judge_epoch on one net."""

    step: list[int]  # steps done before each record
    loss: list[float]  # of that step's batch
    gradient_norm: dict[str, list[float]]  # module -> over all its parameters, of the same batch
    epochs: list[Epoch]
    kept: int  # which of the epochs, from 0, the checkpoint holds

    @property
    def chosen(self) -> Epoch:
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
    return t(
        "{sooner} Last epoch's mean: {ends}.",
        sooner=sooner({v: c.learnt() for v, c in told.items()}),
        ends=each(ends),
    )


def sooner(learnt: Mapping[str, int | None]) -> str:
    reached = {variant: step for variant, step in learnt.items() if step is not None}
    level = f"{LEARNT:g}"
    if not reached:
        return t("No recorded batch has a loss below {level}.", level=level)
    first, *others = sorted(reached, key=lambda variant: reached[variant])
    said = {"first": t(first), "step": reached[first], "level": level}
    if others and reached[first] == reached[others[0]]:
        return t("Both nets first have a loss below {level} at step {step}.", **said)
    if others:
        return t(
            "The {first} net first has a loss below {level} at step {step}, the {other} net at "
            "step {later}.",
            **said,
            other=t(others[0]),
            later=reached[others[0]],
        )
    if len(learnt) > 1:
        return t(
            "The {first} net first has a loss below {level} at step {step}, the {other} net never.",
            **said,
            other=t((set(learnt) - {first}).pop()),
        )
    return t("The {first} net first has a loss below {level} at step {step}.", **said)


def errors_finding(told: Mapping[str, Course]) -> str:
    """How many validation digits the kept nets misread.

    Whether that tells them apart is no question for these: they chose the epoch.
    """
    totals = {course.chosen["total"] for course in told.values()}
    wrong = {v: f"{c.chosen['total'] - c.chosen['right']:,}" for v, c in told.items()}
    if len(totals) > 1:  # other digits: nothing to hold against each other
        wrong = {
            v: t("{count} of {total}", count=count, total=f"{told[v].chosen['total']:,}")
            for v, count in wrong.items()
        }
        return t("Misread validation digits of the kept epoch: {counts}.", counts=each(wrong))
    return t(
        "The kept epoch misreads {counts} of {total} validation digits.",
        counts=each(wrong),
        total=f"{totals.pop():,}",
    )


def gradient_finding(told: Mapping[str, Course]) -> str:
    """How large the gradient of the stem is at first and at last."""
    stems = {variant: course.gradient_norm["1 stem"] for variant, course in told.items()}
    at_first = {variant: f"{norms[0]:.3g}" for variant, norms in stems.items()}
    at_last = {
        variant: f"{statistics.median(course.in_last_epoch(stems[variant])):.2g}"
        for variant, course in told.items()
    }
    if len(told) > 1 and len(set(at_first.values())) > 1:
        large, small = sorted(stems, key=lambda variant: -stems[variant][0])
        return t(
            "At the first step the gradient at the stem is {times} times as large in the {large} "
            "net ({most}) as in the {small} one ({least}). Median of the last epoch: {last}.",
            times=f"{stems[large][0] / stems[small][0]:.1f}",
            large=t(large),
            most=at_first[large],
            small=t(small),
            least=at_first[small],
            last=each(at_last),
        )
    return t(
        "Gradient norm at the stem: {first} at the first step. Median of the last epoch: {last}.",
        first=each(at_first),
        last=each(at_last),
    )


def each(values: Mapping[str, str]) -> str:
    """The values net by net, or once where both are alike."""
    if len(values) > 1 and len(set(values.values())) == 1:
        return t("{value} (both nets)", value=next(iter(values.values())))
    return listed(
        [t("{value} ({net})", value=value, net=t(variant)) for variant, value in values.items()]
    )
