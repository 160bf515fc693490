"""The plots of the trainings: loss, validation errors and gradients on the way."""

import statistics
from collections.abc import Callable, Mapping

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter

from resnet import history
from resnet.checkpoint import Epoch
from resnet.history import Course
from resnet.language import t
from ui import plots
from ui.cards import LOOKS

FAINT = {"linestyle": "-", "linewidth": 0.9, "alpha": 0.35}
MARKS = {"residual": "o", "plain": "s"}


def loss_plot(told: Mapping[str, Course]) -> str:
    def draw(panels: list[Axes], is_phone: bool) -> None:
        (panel,) = panels
        logarithmic(panel, (0.3, 0.5, 1, 2))
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter("{x:,.0f}")
        for variant, course in told.items():
            # Step 0 has no place on a logarithmic axis.
            step, smooth = course.step[1:], history.smoothed(course.loss)[1:]
            panel.plot(step, course.loss[1:], **{**plots.LINES[variant], **FAINT})
            panel.plot(step, smooth, label=LOOKS[variant]["title"], **plots.LINES[variant])
        panel.axhline(history.LEARNT, color=plots.QUIET, linewidth=0.9)
        panel.set(xlabel=t("steps done (logarithmic)"), ylabel=t("loss of a batch (logarithmic)"))
        panel.legend(loc="upper right", handlelength=2.6)

    rows = [
        [f"{step:,}", *(f"{course.loss[i]:.3f}" for course in told.values())]
        for i, step in landmarks(told)
    ]
    return plots.plot(
        history.loss_finding(told), draw, [t("step"), *titles(told)], rows, size=(820, 360),
        note=t(
            "Faint: single batches, one in twenty steps; strong: their running mean. Both nets "
            "saw the same batches. One training each: another seed may differ."
        ),
    )  # fmt: skip


def landmarks(told: Mapping[str, Course]) -> list[tuple[int, int]]:
    """(index, step) of records that both nets have, each about twice as far as the one before."""
    steps = min((course.step for course in told.values()), key=len)
    indices = [0, *(2**power for power in range(len(steps).bit_length()) if 2**power < len(steps))]
    return [(i, steps[i]) for i in dict.fromkeys([*indices, len(steps) - 1])]


def errors_plot(told: Mapping[str, Course]) -> str:
    slices = {
        on_mnist: t("MNIST validation digits"),
        on_styles: t("Held-out styles: pen and fonts"),
    }

    def draw(panels: list[Axes], is_phone: bool) -> None:
        for panel, (score, title) in zip(panels, slices.items(), strict=True):
            logarithmic(panel, (10, 20, 30, 50, 70, 100, 200, 500))
            for variant, course in told.items():
                line = plots.LINES[variant]
                epochs = range(1, len(course.epochs) + 1)
                if score is on_mnist:
                    panel.plot(
                        epochs, unaveraged(course), **{**line, "linewidth": 1.0, "alpha": 0.55}
                    )
                errors = wrong(course, score)
                panel.plot(epochs, errors, label=LOOKS[variant]["title"], **line)
                # Of equal places both shall be seen: a hollow square around a filled dot.
                panel.plot(
                    [course.kept + 1], [errors[course.kept]], linestyle="none",
                    color=line["color"], marker=MARKS[variant],
                    markersize=6 if variant == "residual" else 12,
                    fillstyle="full" if variant == "residual" else "none",
                    label=t("{net}: kept", net=LOOKS[variant]["title"]),
                )  # fmt: skip
            _, total = score(next(iter(told.values())).chosen)
            panel.set(
                xlabel=t("epoch"),
                ylabel=t("misread of {total} (logarithmic)", total=f"{total:,}"),
            )
            panel.set_title(title)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].legend(loc="upper right", fontsize=12)

    count = max(len(course.epochs) for course in told.values())
    rows = [
        [str(i + 1), *(cell for course in told.values() for cell in errors_of(course, i))]
        for i in range(count)
    ]
    headers = [
        f"{LOOKS[variant]['title']}: {what}"
        for variant in told
        for what in (t("validation"), t("unaveraged"), t("styles"))
    ]
    return plots.plot(
        history.errors_finding(told), draw, [t("epoch"), *headers], rows, panels=2,
        size=(1000, 340),
        note=t(
            "Thick: the average of the weights, which is kept; thin: the net without it. The kept "
            "epoch reads most of both slices together, each counted equally; of equals the last."
        ),
    )  # fmt: skip


def on_mnist(epoch: Epoch) -> tuple[int, int]:
    return epoch["right"], epoch["total"]


def on_styles(epoch: Epoch) -> tuple[int, int]:
    return epoch["styles_right"], epoch["styles_total"]


def wrong(course: Course, score: Callable[[Epoch], tuple[int, int]]) -> list[int]:
    return [total - right for right, total in map(score, course.epochs)]


def unaveraged(course: Course) -> list[int]:
    return [epoch["total"] - epoch["right_unaveraged"] for epoch in course.epochs]


def errors_of(course: Course, i: int) -> list[str]:
    if i >= len(course.epochs):
        return ["-", "-", "-"]
    mark = f" ({t('kept')})" if i == course.kept else ""
    counts = wrong(course, on_mnist)[i], unaveraged(course)[i], wrong(course, on_styles)[i]
    return [f"{counts[0]}{mark}", *map(str, counts[1:])]


def gradient_plot(told: Mapping[str, Course]) -> str:
    moments: dict[str, Callable[[Course, list[float]], float]] = {
        t("First step"): lambda course, norms: norms[0],
        t("First epoch, median"): lambda course, norms: statistics.median(
            course.in_first_epoch(norms)
        ),
        t("Last epoch, median"): lambda course, norms: statistics.median(
            course.in_last_epoch(norms)
        ),
    }
    modules = list(next(iter(told.values())).gradient_norm)

    def norms(course: Course, at: Callable[[Course, list[float]], float]) -> list[float]:
        return [at(course, course.gradient_norm[module]) for module in modules]

    found = {title: {v: norms(c, at) for v, c in told.items()} for title, at in moments.items()}
    every = [norm for nets in found.values() for values in nets.values() for norm in values]

    def draw(panels: list[Axes], is_phone: bool) -> None:
        for panel, (title, nets) in zip(panels, found.items(), strict=True):
            logarithmic(panel, (0.03, 0.1, 0.3, 1, 3, 10, 30, 100))
            for variant, values in nets.items():
                look = {"marker": MARKS[variant], "markersize": 5, **plots.LINES[variant]}
                panel.plot(modules, values, label=LOOKS[variant]["title"], **look)
            panel.set_ylim(min(every) / 1.5, max(every) * 1.5)
            panel.set_title(title)
            panel.set_xticks(range(len(modules)), [name.partition(" ")[2] for name in modules])
            panel.tick_params("x", labelrotation=0 if is_phone else 35)
        panels[0].set_ylabel(t("gradient norm (logarithmic)"))
        panels[-1].legend(loc="upper right")

    rows = [
        [module, *(f"{values[i]:.3g}" for nets in found.values() for values in nets.values())]
        for i, module in enumerate(modules)
    ]
    headers = [
        f"{title}: {LOOKS[v]['title'].lower()}" for title, nets in found.items() for v in nets
    ]
    return plots.plot(
        history.gradient_finding(told), draw, [t("module"), *headers], rows, panels=3,
        size=(1000, 300),
        note=t(
            "Over all parameters of a module, so compare the nets, not the modules: these differ "
            "in size. The 1x1 convolutions of three shortcuts are counted too."
        ),
    )  # fmt: skip


def logarithmic(panel: Axes, ticks: tuple[float, ...]) -> None:
    """An upright axis of powers with plain numbers at these places."""
    panel.set_yscale("log")
    panel.set_yticks(ticks)
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_formatter(NullFormatter())


def titles(told: Mapping[str, Course]) -> list[str]:
    return [LOOKS[variant]["title"] for variant in told]
