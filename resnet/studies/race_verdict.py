"""The outcome of a race, compared with the stored runs of other seeds (results/depth.json)."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resnet.checkpoint import VARIANTS
from resnet.language import in_a_row, t, tn
from resnet.stats import wilson_interval
from resnet.studies.depth import Case, DepthRun, case_of
from resnet.studies.depth_verdict import GUESSING, NETS
from resnet.studies.race import Point
from resnet.studies.short_training import ShortRun

CHANCE = GUESSING / 100  # the share of digits that a net reads which says any


@dataclass(frozen=True)
class Band:
    """One net's validation digits read right, over seeds, after each of the steps."""

    seeds: int
    total: int  # validation digits
    steps: list[int]
    least: list[int]
    median: list[float]
    most: list[int]


def bands(stored: Sequence[DepthRun], depth: int, has_norm: bool, rate: float) -> dict[str, Band]:
    """Of the seeds that both nets have; none where there is no such seed."""
    runs: dict[str, dict[int, DepthRun]] = {variant: {} for variant in VARIANTS}
    for run in stored:
        if (case_of(run), run["rate"]) == (Case(depth, has_norm), rate):
            runs[run["net"]][run["seed"]] = run
    seeds = sorted(set.intersection(*(set(of_net) for of_net in runs.values())))
    if not seeds:
        return {}
    return {variant: band([of_net[seed] for seed in seeds]) for variant, of_net in runs.items()}


def band(runs: Sequence[ShortRun]) -> Band:
    courses = [run["validation"] for run in runs]
    at_step = list(zip(*(course["right"] for course in courses), strict=True))
    return Band(
        seeds=len(runs),
        total=courses[0]["total"],
        steps=courses[0]["step"],
        least=[min(rights) for rights in at_step],
        median=[statistics.median(rights) for rights in at_step],
        most=[max(rights) for rights in at_step],
    )


def fair_rate(
    stored: Sequence[DepthRun], depth: int, has_norm: bool, rates: Sequence[float]
) -> float | None:
    """The rate after which both nets together read most validation digits; the lowest of equals.

    None where no seed has been run at any of them.
    """
    ends: dict[float, list[int]] = {rate: [] for rate in rates}
    for run in stored:
        if case_of(run) == Case(depth, has_norm) and run["rate"] in ends:
            ends[run["rate"]].append(run["validation"]["right"][-1])
    means = {rate: statistics.fmean(rights) for rate, rights in ends.items() if rights}
    return max(means, key=lambda rate: (means[rate], -rate), default=None)


def heading(found: Mapping[str, Band]) -> str:
    """The ends of the stored runs, in one line."""
    if not found:
        return t("A race, and nothing stored to lay it over")
    residual, plain = (found[variant].median[-1] for variant in ("residual", "plain"))
    return tn(
        "The stored seed ends at {residual} with shortcuts, {plain} without",
        "Medians of {n} stored seeds end at {residual} with shortcuts, {plain} without",
        found["plain"].seeds,
        residual=f"{residual:g}",
        plain=f"{plain:g}",
    )


def finding(points: Sequence[Point], found: Mapping[str, Band]) -> str:
    """Who is ahead at the end of a race, by how much, and whether other seeds end there too."""
    ends = {variant: last(points, variant) for variant in VARIANTS}
    rights = {variant: point["right"] for variant, point in ends.items()}
    total, step = ends[VARIANTS[0]]["total"], ends[VARIANTS[0]]["step"]
    if rights["residual"] == rights["plain"]:
        said = t(
            "After {step} steps: both nets read {plain} of {total} validation digits.",
            step=step,
            total=total,
            plain=rights["plain"],
        )
    else:
        said = t(
            "After {step} steps: with shortcuts {residual} of {total} validation digits, without "
            "{plain}.",
            step=step,
            total=total,
            **rights,
        )
    return in_a_row([said, *guessing(rights, total), *beside(rights, found), luck(found)])


def guessing(rights: Mapping[str, int], total: int) -> list[str]:
    """Which of the nets have learned nothing that so many digits could show."""
    idle = [net for net, right in rights.items() if wilson_interval(right, total)[0] < CHANCE]
    if not idle:
        return []
    chance = round(total * CHANCE)
    if len(idle) == len(rights):
        return [t("Guessing reads {chance}: neither net has learned anything yet.", chance=chance)]
    return [
        t(
            "Guessing reads {chance}: the net {net} has learned nothing yet.",
            chance=chance,
            net=t(NETS[net]),
        )
        for net in idle
    ]


def beside(rights: Mapping[str, int], found: Mapping[str, Band]) -> list[str]:
    """Where the ends lie among those of the stored seeds."""
    if not found:
        return []
    places = []
    for variant, band in found.items():
        right, least, most = rights[variant], band.least[-1], band.most[-1]
        said = {"net": t(NETS[variant]), "ends": span(least, most)}
        if right > most:
            where = t("at {ends} {net}, and this race above", **said)
        elif right < least:
            where = t("at {ends} {net}, and this race below", **said)
        else:
            where = t("at {ends} {net}, as this race does", **said)
        places.append(where)
    return [
        tn(
            "The one stored seed ends {places}.",
            "The {n} stored seeds end {places}.",
            found[VARIANTS[0]].seeds,
            places=t("; ").join(places),
        )
    ]


def span(least: int, most: int) -> str:
    return f"{least}" if least == most else t("{least} to {most}", least=least, most=most)


def luck(found: Mapping[str, Band]) -> str:
    if not found:
        return t("One race can be luck.")
    return tn(
        "One race can be luck: the band shows one other.",
        "One race can be luck: the band shows {n} others.",
        found[VARIANTS[0]].seeds,
    )


def last(points: Sequence[Point], variant: str) -> Point:
    return [point for point in points if point["net"] == variant][-1]
