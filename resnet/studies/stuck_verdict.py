"""Stuck or slow: what ten times as many steps come to, as curves, a table and sentences."""

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from resnet.language import N_, t
from resnet.stats import seeds_in_words
from resnet.studies.depth_verdict import ONLY_ONES
from resnet.studies.runs import Printed, StudyError
from resnet.studies.short_training import ShortRecipe
from resnet.studies.stuck import AIDS, Case, StuckRun, StuckTable, key_of, keys_of
from resnet.studies.textbook_verdict import percents, with_interval

KINDS = {"residual": N_("with shortcuts"), "plain": N_("without shortcuts")}
AID_NAMES = {"none": N_("none"), "clipping": N_("clipping"), "warm-up": N_("warm-up")}
HELP = {"clipping": N_("clipped gradients"), "warm-up": N_("a warm-up")}
BEFORE = ShortRecipe().steps  # of the study of depth
CLIMB = 5  # points more than after BEFORE steps


@dataclass(frozen=True)
class Curve:
    """The mean over seeds of one net with one aid, to be drawn."""

    net: str
    depth: int
    rate: float
    aid: str
    step: list[int]
    loss: list[float | None]  # on the training digits; None where a seed's is no finite number
    accuracy: list[float]  # percent of the validation digits


def whole_seeds(table: StuckTable) -> list[int]:
    """The seeds that have all their runs. Raises StudyError when there is none."""
    keys = {key_of(run) for run in table["runs"]}
    seeds = sorted({seed for seed, *_ in keys})
    whole = [
        seed
        for seed in seeds
        if all(keys.issuperset(keys_of(seed, case)) for case in table["about"]["cases"])
    ]
    if not whole:
        raise StudyError("No seed has all its runs yet; the same command goes on.")
    return whole


def runs_of(table: StuckTable, case: Case, aid: str) -> list[StuckRun]:
    """Of the whole seeds, in order."""
    runs = {key_of(run): run for run in table["runs"]}
    return [
        runs[seed, case["net"], case["depth"], case["rate"], aid] for seed in whole_seeds(table)
    ]


def curves(table: StuckTable) -> list[Curve]:
    """A curve for every net, rate and aid."""
    found = []
    for case, aid in itertools.product(table["about"]["cases"], AIDS):
        runs = runs_of(table, case, aid)
        shares = [[100 * right / run["total"] for right in run["right"]] for run in runs]
        found.append(
            Curve(
                case["net"],
                case["depth"],
                case["rate"],
                aid,
                runs[0]["step"],
                [mean(losses) for losses in zip(*(run["loss"] for run in runs), strict=True)],
                [statistics.fmean(right) for right in zip(*shares, strict=True)],
            )
        )
    return found


def mean(losses: Sequence[float | None]) -> float | None:
    finite = [loss for loss in losses if loss is not None]
    return statistics.fmean(finite) if len(finite) == len(losses) else None


# --- as text ---------------------------------------------------------------------------------


def tables(table: StuckTable) -> list[Printed]:
    rows = []
    for case, aid in itertools.product(table["about"]["cases"], AIDS):
        runs = runs_of(table, case, aid)
        end = mean([run["loss"][-1] for run in runs])
        rows.append(
            [
                str(case["depth"]),
                t(case["net"]),
                f"{case['rate']:g}",
                t(AID_NAMES[aid]),
                f"{case['before']:.1f}%",
                with_interval(accuracies(runs)),
                t("none") if end is None else f"{end:.2f}",
            ]
        )
    seeds = seeds_in_words(len(whole_seeds(table)))
    test = table["runs"][0]["test_all"]["total"]
    steps = table["runs"][0]["step"][-1]
    return [
        (
            t(
                "Stuck or slow: {steps} steps, {seeds}, {test} test digits (mean, 95 % interval); "
                "training loss of the last steps (guessing is 2.30)",
                steps=steps,
                seeds=seeds,
                test=f"{test:,}",
            ),
            [
                t("layers"),
                t("net"),
                t("rate"),
                t("aid"),
                t("after {n} steps", n=BEFORE),
                t("after {n}", n=steps),
                t("loss"),
            ],
            rows,
        )
    ]


def accuracies(runs: Sequence[StuckRun]) -> list[float]:
    return percents(run["test_all"] for run in runs)


def sentences(table: StuckTable) -> list[str]:
    """One for each net: stuck, or slow, and whether a remedy helps."""
    by_net = itertools.groupby(table["about"]["cases"], lambda case: (case["net"], case["depth"]))
    return [course(table, list(cases)) for _, cases in by_net]


def course(table: StuckTable, cases: list[Case]) -> str:
    """Of one net at its rates: where it was, where it is, and whether a remedy helps."""
    read = {
        (case["rate"], aid): statistics.fmean(accuracies(runs_of(table, case, aid)))
        for case, aid in itertools.product(cases, AIDS)
    }
    case = max(cases, key=lambda case: read[case["rate"], "none"])
    before, end = case["before"], read[case["rate"], "none"]
    steps = table["runs"][0]["step"][-1]
    net = t("The net of {layers} layers {kind}", layers=case["depth"], kind=t(KINDS[case["net"]]))
    if max(read.values()) <= ONLY_ONES:
        return t(
            "{net} is stuck: after {steps} steps it still guesses, at a rate of {rates}, and "
            "neither {aids} get it going.",
            net=net,
            steps=steps,
            rates=t(" or ").join(f"{case['rate']:g}" for case in cases),
            aids=t(" nor ").join(map(t, HELP.values())),
        )
    aided = t(" and ").join(
        t("{read} with {aid}", read=f"{read[case['rate'], aid]:.0f}", aid=t(what))
        for aid, what in HELP.items()
    )
    way = t(
        "from {before} to {end} of 100 digits between {first} and {last} steps ({aided})",
        before=f"{before:.0f}",
        end=f"{end:.0f}",
        first=BEFORE,
        last=steps,
        aided=aided,
    )
    rate, aid = max(read, key=read.__getitem__)
    if rate != case["rate"] and aid in HELP and read[rate, aid] - end >= CLIMB:
        way = t(
            "{way}; at a rate of {rate} it reads {read} with {aid}",
            way=way,
            rate=f"{rate:g}",
            read=f"{read[rate, aid]:.0f}",
            aid=t(HELP[aid]),
        )
    if case["net"] != "plain":
        return t("{net} goes {way}.", net=net, way=way)
    return t(SLOW if end - before >= CLIMB else STILL, net=net, way=way)


SLOW = N_("{net} was slow, not stuck: it goes {way}.")
STILL = N_("{net} hardly moves: it goes {way}.")
