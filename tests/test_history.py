import math
from typing import Any, cast

import pytest

from resnet import history
from resnet.checkpoint import About
from resnet.classifier import Classifier
from ui.history import RECIPE, RESULTS, TrainingHistory, finding, missing, stated


def about(losses: list[float], rights: list[int], best: int = 20) -> Any:
    """The metadata of two epochs of ten steps, recorded every five."""
    epochs = [
        {
            "step": step, "right": right, "right_unaveraged": right - 1, "total": 100,
            "styles_right": 5, "styles_total": 10,
        }
        for step, right in zip((10, 20), rights, strict=True)
    ]  # fmt: skip
    norms = {"1 stem": [4.0, 3.0, 2.0, 1.0], "6 head": [1.0, 1.0, 1.0, 1.0]}
    return {
        "best_step": best,
        "history": {"step": [0, 5, 10, 15], "loss": losses, "gradient_norm": norms,
                    "epochs": epochs},
    }  # fmt: skip


def courses(**abouts: About) -> dict[str, history.Course]:
    return history.courses(abouts)


def test_the_course_is_that_of_the_metadata() -> None:
    course = courses(plain=about([2.0, 1.5, 0.9, 0.5], [90, 95], best=10))["plain"]
    assert course.kept == 0
    assert course.chosen["right"] == 90
    assert course.in_first_epoch(course.loss) == [2.0, 1.5]
    assert course.in_last_epoch(course.loss) == [0.9, 0.5]
    assert course.learnt() == 10


def test_findings_follow_the_figures() -> None:
    told = courses(
        residual=about([2.0, 0.9, 0.8, 0.4], [90, 95]), plain=about([2.0, 1.5, 0.9, 0.5], [90, 20])
    )
    assert history.loss_finding(told).startswith(
        "The residual net first has a loss below 1 at step 5, the plain net at step 10."
    )
    assert "0.600 (residual) and 0.700 (plain)" in history.loss_finding(told)
    assert history.errors_finding(told) == (
        "The kept epoch misreads 5 (residual) and 80 (plain) of 100 validation digits."
    )
    same = courses(residual=about([2.0] * 4, [90, 95]), plain=about([2.0] * 4, [90, 94]))
    assert "No recorded batch" in history.loss_finding(same)


def test_a_running_mean_keeps_the_ends() -> None:
    values = [float(i) for i in range(50)]
    assert history.smoothed(values) == pytest.approx(values)  # of a straight line: itself
    spike = [0.0] * 100
    spike[60] = 25.0
    assert history.smoothed(spike)[60] == pytest.approx(25 / (2 * history.REACH + 1))
    early = history.smoothed([0.0] * 4 + [9.0] + [0.0] * 20)
    assert early[2:7] == pytest.approx([0, 0, 3, 3, 0])  # one record to either side, no more
    assert history.smoothed([3.0, 9.0])[0] == 3.0


@pytest.mark.parametrize(
    "change",
    [{"loss": [1.0]}, {"loss": [1.0, 1.0, 1.0, math.nan]}, {"loss": [1.0, 1.0, 1.0, 0.0]},
     {"step": []}, {"epochs": []}, {"epochs": [{"step": 20}]}, {"gradient_norm": {}}],
)  # fmt: skip
def test_a_history_that_cannot_be_read_is_none(change: Any) -> None:
    damaged = about([2.0, 1.0, 1.0, 0.5], [90, 95])
    damaged["history"].update(change)
    assert history.course_of(damaged) is None
    assert history.course_of({}) is None


def test_the_tab_shows_what_the_checkpoints_tell(classifiers: dict[str, Classifier]) -> None:
    from ui.history_plots import errors_plot, gradient_plot, loss_plot

    html = str(TrainingHistory(classifiers).html_template)
    for net in classifiers.values():
        assert f"{net.about['test']['right']:,} of 10,000" in html
        assert net.about["weights_sha256"][:12] in html
    told = history.courses({variant: net.about for variant, net in classifiers.items()})
    for plot in (loss_plot, errors_plot, gradient_plot):
        assert plot(told).count("<svg") == 2
        alone = {variant: course for variant, course in told.items() if variant == "plain"}
        assert plot(alone).count("<svg") == 2


@pytest.mark.parametrize(
    ("fact", "change"),
    [
        ("Took", {"seconds": "long"}),
        ("Seed", {}),
        ("Held-out styles right", {"styles": {"right": 0, "total": 0}}),
        ("Validation digits right", {"validation": {"right": 1, "total": 10**400}}),
        ("Data, sha256", {"data_sha256": 7}),
    ],
)
def test_a_fact_that_makes_no_sense_is_not_told(fact: str, change: About) -> None:
    assert stated({**RESULTS, **RECIPE}[fact], change) == "not told"


def test_the_finding_is_of_both_nets_or_of_none() -> None:
    both: dict[str, About] = {
        "residual": {"test": {"right": 9_953, "total": 10_000}},
        "plain": {"test": {"right": 9_959, "total": 10_000}},
    }
    assert finding(both) == (
        "Trained alike, the net with shortcuts reads 99.53 of 100 test digits, the one without "
        "99.59."
    )
    crafted: list[About] = [{}, {"test": {"right": 0, "total": 0}}, {"test": cast(Any, 7)}]
    for damaged in crafted:
        assert finding({**both, "plain": damaged}) == "How these nets were trained"
    assert finding({"residual": both["residual"]}) == "How these nets were trained"


def test_a_net_without_a_history_is_named() -> None:
    assert missing({}).count("cannot be shown") == 2
    assert TrainingHistory({}).html_template
