"""The fair race: choose how deep, and both nets are trained while one looks on."""

import functools
import itertools
import secrets
from collections.abc import Mapping
from string import Template
from typing import Any

from resnet.language import t
from resnet.studies import race_verdict
from resnet.studies.depth import FRESH, RATES, DepthTable
from resnet.studies.race import DEPTHS, RECIPE, USUAL_DEPTH, Wish
from resnet.studies.race_queue import RaceError, RaceQueue
from resnet.studies.race_verdict import Band
from ui.cards import LOOKS
from ui.markup import Markup
from ui.once import drawn_once
from ui.part import Ahead, Part, template
from ui.question import fault
from ui.traffic import visitor

LONGEST = 64  # characters of a ticket
SLOWEST = 0.001  # at lower rates, as the study has one, 80 steps show nothing
WIDE, PHONE_HEIGHT = (660, 340), 300  # pixels
CHANCE = RECIPE.validation * race_verdict.CHANCE  # digits
OPTION = Template(
    '<label><input type="radio" name="race-$name" value="$value"$checked>$title</label>'
)
TWIN = Markup(
    '<p class="note">Behind the race: from the least to the most of the stored seeds, and '
    'their median.</p><details class="twin"><summary>The stored seeds as a table</summary>'
    "<div>$table</div></details>"
)
COLUMNS = Markup("<th>$title, right</th><th>loss</th>")
CHIP = Markup(
    '<p class="chip $variant" data-testid="race-$variant">$sign<span>$title</span>'
    '<b>&ndash;</b><span class="of">of $total</span></p>'
)


class Race(Part):
    """A choice of depth, batch norm and rate, a start, and curves that grow over the stored ones.

    race.js asks for the picture of every choice when it is first seen, and for the state of its
    race a few times a second. A visitor who leaves the page no longer asks, and so
    leaves the queue (resnet/studies/race_queue.py).
    """

    def __init__(self, queue: RaceQueue, table: DepthTable | None = None) -> None:
        stored = [] if table is None else table["runs"]
        tried = RATES if table is None else table["about"]["rates"]
        rates = sorted(rate for rate in tried if rate >= SLOWEST)

        @functools.cache
        def bands(depth: int, has_norm: bool, rate: float) -> dict[str, Band]:
            return race_verdict.bands(stored, depth, has_norm, rate)

        @drawn_once
        def drawn(depth: int, has_norm: bool, rate: float) -> dict[str, str]:
            found = bands(depth, has_norm, rate)
            return {"picture": figure(found), "stored": twin(found)}

        def course(choice: Any) -> dict[str, Any]:
            """The picture to race on, and the same as a table."""
            return drawn(*choice_of(choice, rates))

        def start(choice: Any) -> dict[str, Any]:
            wish = Wish(*choice_of(choice, rates), seed=secrets.choice(FRESH))
            try:
                return {"ticket": queue.enter(wish, visitor.get()), "seed": wish.seed}
            except RaceError as error:
                raise fault(t(str(error))) from error

        def look(asked: Any) -> dict[str, Any]:
            ticket, since = ticket_of(asked), since_of(asked)
            found = queue.look(ticket)
            reply = {
                **vars(found),
                "fault": t(found.fault),
                "wish": None,
                "points": found.points[since:],
            }
            if found.state == "finished" and found.wish is not None:
                choice = found.wish.depth, found.wish.has_norm, found.wish.rate
                reply["finding"] = race_verdict.finding(found.points, bands(*choice))
            return reply

        def stop(asked: Any) -> dict[str, Any]:
            queue.leave(ticket_of(asked))
            return {}

        fair = {
            f"{depth} {has_norm}".lower(): race_verdict.fair_rate(stored, depth, has_norm, rates)
            for depth in DEPTHS
            for has_norm in (True, False)
        }
        choices = [
            {"depth": depth, "has_norm": has_norm, "rate": rate}
            for depth, has_norm, rate in itertools.product(DEPTHS, (True, False), rates)
        ]
        usual = rates[(len(rates) - 1) // 2]  # where no stored run says more
        super().__init__(
            "race",
            panel(rates, fair[f"{USUAL_DEPTH} true"] or usual),
            [course, start, look, stop],
            shared=("button", "panel"),
            ahead={"course": Ahead(choices)},
            nets=list(LOOKS),
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

    return template("race.html").substitute(
        digits=f"{RECIPE.train:,}",
        steps=RECIPE.steps,
        depths=options("depth", {depth: f"{depth}" for depth in DEPTHS}, USUAL_DEPTH),
        norms=options("norm", {True: t("On"), False: t("Off")}, True),
        rates=options("rate", {rate: f"{rate:g}" for rate in rates}, rate),
        chips="".join(
            CHIP.substitute(look, variant=variant, total=RECIPE.validation)
            for variant, look in LOOKS.items()
        ),
        columns="".join(COLUMNS.substitute(look) for look in LOOKS.values()),
        signs="".join(
            f'<span class="{variant}">{look["sign"]}{look["title"]}</span>'
            for variant, look in LOOKS.items()
        ),
    )


def figure(bands: Mapping[str, Band]) -> str:
    """The stored runs of one choice; where there are none, the axes alone."""
    from ui import plots  # matplotlib takes a while to load, which the page's start should not

    def draw(panels: list[Any], is_phone: bool) -> None:
        (axes,) = panels
        axes.axhline(CHANCE, color=plots.QUIET, linewidth=1, linestyle=(0, (1, 2)))
        axes.text(RECIPE.steps, 3, t("chance"), color=plots.MUTED, ha="right", va="bottom")
        for variant, band in bands.items():
            look = {**plots.LINES[variant], "linewidth": 1.2}
            area = {"color": look["color"], "alpha": plots.BAND, "linewidth": 0}
            axes.fill_between(band.steps, band.least, band.most, **area)
            axes.plot(band.steps, band.median, **look)
        axes.set(
            xlim=(0, RECIPE.steps),
            ylim=(0, RECIPE.validation),
            xlabel=t("steps of training"),
            ylabel=t("right, of {total} validation digits", total=RECIPE.validation),
        )

    title = race_verdict.heading(bands)
    wide = plots.svg(title, draw, (1, 1), WIDE, is_phone=False)
    phone = plots.svg(title, draw, (1, 1), (plots.PHONE, PHONE_HEIGHT), is_phone=True)
    return (
        f'<figure class="plot"><figcaption>{title}</figcaption>'
        f'<div class="on-wide">{wide}</div><div class="on-phone">{phone}</div></figure>'
    )


def twin(bands: Mapping[str, Band]) -> str:
    """The stored runs behind a race, in words and as a table."""
    if not bands:
        return f'<p class="note">{t("There are no stored runs of this choice.")}</p>'
    from ui import plots

    headers = [t("step")]
    for variant in bands:
        title = LOOKS[variant]["title"]
        headers += [f"{title}{t(', ')}{what}" for what in (t("least"), t("median"), t("most"))]
    columns = [of for band in bands.values() for of in (band.least, band.median, band.most)]
    rows = [
        [f"{number:g}" for number in row]
        for row in zip(next(iter(bands.values())).steps, *columns, strict=True)
    ]
    return TWIN.substitute(table=plots.table(headers, rows))


# --- what a browser asks -------------------------------------------------------------------------


def choice_of(choice: Any, rates: list[float]) -> tuple[int, bool, float]:
    """Depth, has_norm and rate; gr.Error for anything that is not offered."""
    match choice:
        case {"depth": depth, "has_norm": bool(has_norm), "rate": rate} if (
            type(depth) is int and depth in DEPTHS and type(rate) in (int, float) and rate in rates
        ):
            return depth, has_norm, float(rate)
    raise fault(t("There is no such race."))


def ticket_of(asked: Any) -> str:
    ticket = asked.get("ticket") if isinstance(asked, dict) else None
    if not isinstance(ticket, str) or len(ticket) > LONGEST:
        raise fault(t("There is no such race."))
    return ticket


def since_of(asked: dict[str, Any]) -> int:
    since = asked.get("since")
    if type(since) is not int or since < 0:
        raise fault(t("There is no such point of a race."))
    return since
