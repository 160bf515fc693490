"""Tables and sentences for the study of nets whose f is turned down at the start."""

from dataclasses import dataclass

from resnet.language import N_, listed, t
from resnet.stats import SIGNIFICANT, Mean, corrected, mean_of, p_in_words, seeds_in_words
from resnet.studies.birth import PAIRS, BirthRun, BirthTable, Pair
from resnet.studies.depth_results import Accuracy, accuracy_of, medians
from resnet.studies.depth_verdict import GUESSING, MISSING, in_words, percent, with_ends
from resnet.studies.runs import Printed, StudyError
from resnet.studies.shares import Shares
from resnet.studies.textbook_verdict import chosen_rate

TITLES: dict[Pair, str] = {
    ("residual", "one"): N_("f as it is"),
    ("residual", "root"): N_("f / √units"),
    ("residual", "zero"): N_("f at 0"),
    ("plain", "one"): N_("without shortcuts"),
}
ONE, ROOT, ZERO, PLAIN = PAIRS
# Of these against f as it is: does turning f down change how many digits are read?
TURNED_DOWN = (ROOT, ZERO)


@dataclass(frozen=True)
class Born:
    """A net at one depth, at the rate that its validation digits choose; a seed each."""

    accuracy: Accuracy
    share: Shares  # f's, of every unit before the first step: the median over the seeds


Results = dict[int, dict[Pair, Born]]  # by depth


def results(table: BirthTable) -> Results:
    """The results of each depth, over the seeds whose runs of it are all stored. A depth without
    such a seed is left out. Raises StudyError when no depth is left."""
    about = table["about"]
    found: Results = {}
    for layers in about["depths"]:
        runs = {
            (run["seed"], (run["net"], run["start"]), run["rate"]): run
            for run in table["runs"]
            if run["depth"] == layers
        }
        seeds = [
            seed
            for seed in sorted({seed for seed, *_ in runs})
            if all((seed, pair, rate) in runs for pair in PAIRS for rate in about["rates"])
        ]
        if seeds:
            found[layers] = {
                pair: born(
                    {rate: [runs[seed, pair, rate] for seed in seeds] for rate in about["rates"]}
                )
                for pair in PAIRS
            }
    if not found:
        raise StudyError("No seed has all its runs yet; the same command goes on.")
    return found


def born(runs: dict[float, list[BirthRun]]) -> Born:
    """Of a net's runs by rate."""
    rate = chosen_rate({("", rate): some for rate, some in runs.items()}, "", [*runs])
    return Born(accuracy_of(runs[rate], rate), medians([run["share"] for run in runs[rate]]))


def gains(found: Results) -> dict[tuple[int, Pair], Mean]:
    """f turned down minus f as it is, in points, paired by seed; p corrected for their number."""
    return corrected(
        {
            (layers, pair): mean_of(
                [
                    down - whole
                    for down, whole in zip(
                        nets[pair].accuracy.percents, nets[ONE].accuracy.percents, strict=True
                    )
                ]
            )
            for layers, nets in found.items()
            for pair in TURNED_DOWN
        }
    )


# --- as text ---------------------------------------------------------------------------------


def tables(table: BirthTable) -> list[Printed]:
    found = results(table)
    return [accuracies(table, found), share_table(found)]


def accuracies(table: BirthTable, found: Results) -> Printed:
    changes = gains(found)
    rows = []
    for layers in table["about"]["depths"]:
        if layers not in found:
            rows.append([str(layers), *["-", t(MISSING)] * len(PAIRS), *["-"] * len(TURNED_DOWN)])
            continue
        row = [str(layers)]
        for pair in PAIRS:
            accuracy = found[layers][pair].accuracy
            row += [f"{accuracy.rate:g}", in_words(accuracy)]
        rows.append([*row, *(change_in_words(changes[layers, pair]) for pair in TURNED_DOWN)])
    test = table["runs"][0]["test_all"]["total"]
    tests = sum(change.count > 1 for change in changes.values())
    titles = {pair: t(title) for pair, title in TITLES.items()}
    heads = [head for pair in PAIRS
             for head in (t("{net}, rate", net=titles[pair]), titles[pair])]  # fmt: skip
    return (
        t(
            "Accuracy without batch norm, {seeds}, {test} test digits (mean, 95 % interval), each "
            "at the rate that validation chooses; p corrected for {tests} tests (Holm)",
            seeds=seeds_of(found),
            test=f"{test:,}",
            tests=tests,
        ),
        [t("layers"), *heads,
         *(t("{this} - {that}, points", this=titles[pair], that=titles[ONE])
           for pair in TURNED_DOWN)],
        rows,
    )  # fmt: skip


def seeds_of(found: Results) -> str:
    counts = {len(nets[ONE].accuracy.percents) for nets in found.values()}
    most = seeds_in_words(max(counts))
    return most if len(counts) == 1 else t("{least} to {most}", least=min(counts), most=most)


def change_in_words(change: Mean) -> str:
    if change.count == 1:
        return t("{change}, one seed", change=f"{change.mean:+.1f}")
    return t("{interval}, p {p}", interval=with_ends(change), p=p_in_words(change.p))


def share_table(found: Results) -> Printed:
    rows = []
    for layers, nets in found.items():
        for pair in (ONE, ROOT, ZERO):
            values = nets[pair].share
            rows.append([str(layers), t(TITLES[pair]), percent(values[0]), percent(values[-1])])
    return (
        t(
            "Before the first step: f's share of the variance of f(x) + shortcut(x), median of the "
            "seeds"
        ),
        [t("layers"), t("start"), t("first unit"), t("last unit")],
        rows,
    )


def sentences(table: BirthTable) -> list[str]:
    """The findings, as the figures have them."""
    found = results(table)
    return [headline(table, found), *beside(found)]


def headline(table: BirthTable, found: Results) -> str:
    """Where it changes most, in whole digits of a hundred."""
    changes = gains(found)
    where = max(found, key=lambda layers: abs(changes[layers, ROOT].mean))
    right = {pair: f"{found[where][pair].accuracy.mean.mean:.0f}" for pair in PAIRS}
    steps = len(table["runs"][0]["loss"])
    return t(
        "Without batch norm, {layers} layers, {steps} steps: the net with shortcuts reads {one} of "
        "100 digits. It reads {root} if f begins turned down by the square root of the number of "
        "units, {zero} if f begins at 0. Guessing reads {guessing}.",
        layers=where,
        steps=steps,
        one=right[ONE],
        root=right[ROOT],
        zero=right[ZERO],
        guessing=f"{GUESSING:.0f}",
    )


def beside(found: Results) -> list[str]:
    """Where turning f down surely helps or harms."""
    changes, said = gains(found), []
    for pair in TURNED_DOWN:
        sure = {
            layers: changes[layers, pair].mean
            for layers in found
            if changes[layers, pair].count > 1 and changes[layers, pair].p <= SIGNIFICANT
        }
        ways = {
            MORE: [layers for layers, change in sure.items() if change > 0],
            FEWER: [layers for layers, change in sure.items() if change < 0],
            APART: [layers for layers in found if layers not in sure],
        }
        parts = [t(way, layers=listed(where)) for way, where in ways.items() if where]
        said.append(
            t(
                "Beside f as it is, {title}: {parts}.",
                title=t(TITLES[pair]),
                parts=t(", ").join(parts),
            )
        )
    return said


MORE = N_("more digits at {layers} layers")
FEWER = N_("fewer digits at {layers} layers")
APART = N_("cannot be told apart at {layers} layers")
