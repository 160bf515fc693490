"""The fair race: choose how deep, and both nets are trained while one looks on."""

import functools
import math
import secrets
from pathlib import Path
from string import Template
from typing import Any

import gradio as gr
from matplotlib.axes import Axes

from resnet import outcome
from resnet.outcome import Band
from resnet.race import DEPTHS, RATES, RECIPE, WIDTH, Wish
from resnet.study import Table
from resnet.track import RaceError, Track
from ui import plots
from ui.cards import LOOKS
from ui.reading import fault

HERE = Path(__file__).parent
SEEDS = range(100_000, 1_000_000)  # to draw from; those of the stored runs are far below
LONGEST = 64  # characters of a ticket
SIZE = (660, 380)
CHANCE = RECIPE.validation / 10
OPTION = Template(
    '<label><input type="radio" name="race-$name" value="$value"$checked>$title</label>'
)
CHIP = Template(
    '<p class="chip $variant" data-testid="race-$variant">$sign<span>$title</span>'
    '<b>&ndash;</b><span class="of">of $total</span></p>'
)


class Race(gr.HTML):
    """A choice of depth, batch norm and rate, a start, and curves that grow over the stored ones.

    race.js asks for the picture of every choice when it is first seen, and for the state of its
    race a few times a second. A visitor who leaves the page no longer asks, and so gives the track
    free (resnet/track.py).
    """

    def __init__(self, track: Track, table: Table | None = None) -> None:
        stored = table or {"about": {"rates": RATES}, "runs": []}
        rates = sorted(stored["about"]["rates"])

        @functools.cache
        def bands(depth: int, has_norm: bool, rate: float) -> dict[str, Band]:
            return outcome.bands(stored, depth, has_norm, rate)

        @functools.cache
        def picture(depth: int, has_norm: bool, rate: float) -> str:
            return figure(bands(depth, has_norm, rate))

        def course(choice: Any) -> dict[str, Any]:
            """The picture to race on."""
            try:
                return {"picture": picture(*choice_of(choice, rates))}
            except gr.Error as error:
                return {"error": error.message}

        def start(choice: Any) -> dict[str, Any]:
            try:
                wish = Wish(*choice_of(choice, rates), seed=secrets.choice(SEEDS))
                return {"ticket": track.enter(wish), "seed": wish.seed}
            except gr.Error as error:
                return {"error": error.message}
            except RaceError as error:
                return {"error": str(error)}

        def look(asked: Any) -> dict[str, Any]:
            try:
                ticket, since = ticket_of(asked), since_of(asked)
            except gr.Error as error:
                return {"error": error.message}
            found = track.look(ticket)
            reply = {**vars(found), "wish": None, "points": found.points[since:]}
            if found.state == "finished" and found.wish is not None:
                choice = found.wish.depth, found.wish.has_norm, found.wish.rate
                reply["finding"] = outcome.finding(found.wish, found.points, bands(*choice))
            return reply

        def stop(asked: Any) -> dict[str, Any]:
            try:
                track.leave(ticket_of(asked))
            except gr.Error as error:
                return {"error": error.message}
            return {}

        fair = {
            f"{depth} {has_norm}".lower(): outcome.fair_rate(stored, depth, has_norm, rates)
            for depth in DEPTHS
            for has_norm in (True, False)
        }
        usual = rates[len(rates) // 2]  # where no stored run says more
        super().__init__(
            html_template=panel(rates, fair[f"{DEPTHS[0]} true"] or usual),
            css_template=(HERE / "race.css").read_text(),
            js_on_load=(HERE / "race.js").read_text(),
            apply_default_css=False,
            server_functions=[course, start, look, stop],
            elem_id="race",
            fair=fair,
            steps=RECIPE.steps,
        )


def panel(rates: list[float], rate: float) -> str:
    def options(name: str, titles: dict[Any, str], chosen: Any) -> str:
        return "".join(
            OPTION.substitute(
                name=name,
                value=str(value).lower(),
                title=title,
                checked=" checked" if value == chosen else "",
            )
            for value, title in titles.items()
        )

    return Template((HERE / "race.html").read_text()).substitute(
        width=WIDTH,
        digits=f"{RECIPE.train:,}",
        steps=RECIPE.steps,
        depths=options("depth", {depth: f"{depth}" for depth in DEPTHS}, DEPTHS[0]),
        norms=options("norm", {True: "With", False: "Without"}, True),
        rates=options("rate", {rate: f"{rate:g}" for rate in rates}, rate),
        chips="".join(
            CHIP.substitute(look, variant=variant, total=RECIPE.validation)
            for variant, look in LOOKS.items()
        ),
        signs="".join(
            f'<span class="{variant}">{look["sign"]}{look["title"]}</span>'
            for variant, look in LOOKS.items()
        ),
    )


def figure(bands: dict[str, Band]) -> str:
    """The stored runs of one choice, their axes there even where there are none."""

    def draw(panels: list[Axes], is_phone: bool) -> None:
        (axes,) = panels
        axes.axhline(CHANCE, color=plots.QUIET, linewidth=1, linestyle=(0, (1, 2)))
        axes.text(RECIPE.steps, CHANCE - 3, "chance", color=plots.MUTED, ha="right", va="top")
        for variant, band in bands.items():
            line = {**plots.LINES[variant], "linewidth": 1.2}
            axes.fill_between(
                band.steps, band.least, band.most, color=line["color"], alpha=plots.BAND,
                linewidth=0,
            )  # fmt: skip
            axes.plot(band.steps, band.median, **line)
        axes.set(
            xlim=(0, RECIPE.steps),
            ylim=(0, RECIPE.validation),
            xlabel="steps of training",
            ylabel=f"right, of {RECIPE.validation} validation digits",
        )

    headers = ["step", *(f"{LOOKS[v]['title']}, {what}" for v in bands for what in
               ("least", "median", "most"))]  # fmt: skip
    steps = next(iter(bands.values())).steps if bands else []
    rows = [
        [
            step,
            *(
                f"{of[i]:g}"
                for band in bands.values()
                for of in (band.least, band.median, band.most)
            ),
        ]
        for i, step in enumerate(steps)
    ]
    note = (
        "Behind the race: from the least to the most of the stored seeds, and their median."
        if bands
        else "No stored runs at this choice: results/depth.json has none of them."
    )
    return plots.plot(outcome.heading(bands), draw, headers, rows, size=SIZE, note=note)


# --- what a browser asks -------------------------------------------------------------------------


def choice_of(choice: Any, rates: list[float]) -> tuple[int, bool, float]:
    """Depth, has_norm and rate; gr.Error for anything that is not offered."""
    match choice:
        case {"depth": depth, "has_norm": bool(has_norm), "rate": rate} if (
            type(depth) is int
            and depth in DEPTHS
            and type(rate) in (int, float)
            and any(math.isclose(rate, offered) for offered in rates)
        ):
            return depth, has_norm, min(rates, key=lambda offered: abs(offered - rate))
    raise fault("There is no such race.")


def ticket_of(asked: Any) -> str:
    ticket = asked.get("ticket") if isinstance(asked, dict) else None
    if not isinstance(ticket, str) or len(ticket) > LONGEST:
        raise fault("There is no such race.")
    return ticket


def since_of(asked: dict[str, Any]) -> int:
    since = asked.get("since")
    if type(since) is not int or since < 0:
        raise fault("There is no such point of a race.")
    return since
