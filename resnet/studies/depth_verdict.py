"""Tables and sentences for the study of depth."""

import math
from collections.abc import Mapping

from resnet.checkpoint import VARIANTS
from resnet.language import N_, in_a_row, t
from resnet.stats import SIGNIFICANT, Mean, p_in_words, seeds_in_words
from resnet.studies.depth import FULL, Case, DepthTable, When, cases_of, rates_of
from resnet.studies.depth_results import Accuracy, Result, Results, by_depth, gaps, results
from resnet.studies.gradients import rounded, times
from resnet.studies.runs import Printed
from resnet.studies.shares import Shares
from resnet.studies.textbook_verdict import with_interval, with_rates

NETS = {"residual": N_("with shortcuts"), "plain": N_("without")}
NORMS = {True: N_("with batch norm"), False: N_("without batch norm")}
WHEN: dict[When, str] = {
    "start": N_("before the first step"),
    "live": N_("before the first step, with first weights as if only live taps counted"),
    "end": N_("after the last step"),
}
LAST = " (of the last weights; the accuracies are of the best on validation)"
GUESSING = 10.0  # percent right of a net that says any digit
GUESSING_LOSS = math.log(10)
ONLY_ONES = 11.35  # percent of MNIST's test digits are a 1, the most frequent; more is no guess
STAGES = 4
ALMOST_NOTHING = 1e-3  # times as large as before
MISSING = N_("not measured yet")


def tables(table: DepthTable) -> list[Printed]:
    found = results(table)
    return [
        accuracies(table, found),
        fits(table, found),
        share_table(found),
        *(gradient_table(found, when) for when in WHEN),
    ]


def accuracies(table: DepthTable, found: Results) -> Printed:
    rows = []
    corrected = gaps(found)
    for case in cases_of(table["about"]["depths"]):
        row = [str(case.depth), kind(case)]
        if case not in found:
            rows.append([*row, *["-", t(MISSING)] * len(VARIANTS), "-", "-"])
            continue
        nets = found[case].accuracy
        for variant in VARIANTS:
            row += [f"{nets[variant].rate:g}", in_words(nets[variant])]
        rows.append([*row, *gap_in_words(nets, corrected[case])])
    test = table["runs"][0]["test_all"]["total"]
    tests = sum(gap.count > 1 for gap in corrected.values())
    return (
        t(
            "Accuracy by depth, {seeds}, {test} test digits (mean, 95 % interval), each at the "
            "rate that validation chooses; p corrected for {tests} tests (Holm)",
            seeds=seeds_of(found),
            test=f"{test:,}",
            tests=tests,
        ),
        [t("layers"), t("batch norm"), *with_rates(), t("residual - plain, points"), "p"],
        rows,
    )


def kind(case: Case) -> str:
    """How the nets of a case differ from others as deep."""
    words = [t("yes") if case.has_norm else t("no")]
    words += [t("live taps")] * case.is_live
    words += [t("{n} channels", n=case.width)] * (case.width != Case.width)
    return t(", ").join(words)


def seeds_of(found: Results) -> str:
    """The seeds of most cases; and where others have fewer, that."""
    counts = [len(result.seeds) for result in found.values()]
    least, most = min(counts), max(counts)
    seeds = seeds_in_words(most)
    return seeds if least == most else t("{least} to {most}", least=least, most=seeds)


def in_words(net: Accuracy) -> str:
    said = with_interval(net.percents)
    if net.is_constant:
        # What never varies has no interval: it is one digit, said whatever is shown.
        said = f"{net.percents[0]:.1f}%"
        guesses = net.mean.mean <= ONLY_ONES
        said += t(", always the same answer") if guesses else t(", every time")
    if not net.diverged:
        return said
    of = {"n": net.diverged, "all": len(net.percents)}
    return t("{said}, {n} of {all} diverged", said=said, **of)


def gap_in_words(nets: Mapping[str, Accuracy], found: Mean) -> list[str]:
    if found.count == 1:
        return [f"{found.mean:+.1f}", t("one seed")]
    if both_guess(nets):
        return [f"{found.mean:+.1f}", t("both guess")]
    interval = with_ends(found)
    return [interval, p_in_words(found.p).removeprefix("= ")]


def with_ends(found: Mean) -> str:
    return t(
        "{median} ({low} to {high})",
        median=f"{found.mean:+.1f}",
        low=f"{found.low:+.1f}",
        high=f"{found.high:+.1f}",
    )


def both_guess(nets: Mapping[str, Accuracy]) -> bool:
    """Then the difference is that of two digits said whatever is shown, and its p says nothing."""
    return all(net.mean.mean <= ONLY_ONES for net in nets.values())


def fits(table: DepthTable, found: Results) -> Printed:
    """How well the nets with batch norm fit what they train on, beside how they read the rest."""
    epochs = table["about"]["recipe"]["epochs"]
    rows = []
    for depth, result in by_depth(found, True).items():
        losses, nets = result.training_loss(epochs), result.accuracy
        for variant in VARIANTS:
            loss = losses[variant]
            rows.append(
                [
                    str(depth),
                    t(variant),
                    t("not finite") if loss is None else f"{loss.mean:.2f}",
                    f"{100 - nets[variant].mean.mean:.1f}%",
                ]
            )
    return (
        t(
            "With batch norm: the loss on the training digits, over the last epoch, beside the "
            "share of the test digits read wrong (means; guessing has {loss} and {wrong}%)",
            loss=f"{GUESSING_LOSS:.2f}",
            wrong=f"{100 - GUESSING:.0f}",
        ),
        [t("layers"), t("net"), t("training loss"), t("test digits wrong")],
        rows,
    )


def share_table(found: Results) -> Printed:
    rows = [
        [str(case.depth), kind(case), *(percent(value) for value in ends_of(result.share))]
        for case, result in found.items()
    ]
    return (
        "With shortcuts, before the first step: f's share of the variance of f(x) + shortcut(x), "
        "median of the seeds",
        ["layers", "batch norm", "first unit", "last of the first stage", "last unit"],
        rows,
    )


def ends_of(share: Shares) -> Shares:
    """Of the first unit, the last of the first stage, the last.

    A new stage begins anew: the shortcut of its first unit is a convolution.
    """
    return [share[place] for place in (0, len(share) // STAGES - 1, -1)]


def percent(value: float | None) -> str:
    if value is None:
        return t("not finite")
    return f"{100 * value:.0f}%" if value >= 0.1 else f"{100 * value:.2g}%"


def gradient_table(found: Results, when: When) -> Printed:
    rows = []
    for has_norm in NORMS:
        for depth, result in by_depth(found, has_norm).items():
            for variant, values in result.gradient(when).items():
                rows.append(
                    [
                        str(depth),
                        "yes" if has_norm else "no",
                        variant,
                        *(rounded(values[place]) for place in (0, 1, -2, -1)),
                    ]
                )
    return (
        f"Gradients {WHEN[when]}{LAST if when == 'end' else ''}: root mean square over a place's "
        "weights, median of the seeds",
        ["layers", "batch norm", "net", "stem", "first unit", "last unit", "head"],
        rows,
    )


def sentences(table: DepthTable) -> list[str]:
    """The findings, as the figures have them."""
    found = results(table)
    said = [
        headline(table, found),
        beside(table, found),
        is_overfitting(table, found),
        bare(found),
        width(found),
        flow(found, True, "start"),
        first_weights(found),
        shrinking(found),
        *at_the_end_of_the_grid(table, found),
        *missing(table, found),
    ]
    return [sentence for sentence in said if sentence]


def missing(table: DepthTable, found: Results) -> list[str]:
    """How many rows of the first table lack runs; none where all are there."""
    cases = cases_of(table["about"]["depths"])
    left = sum(case not in found for case in cases)
    return [f"{capital(MISSING)}: {left} of {len(cases)} rows."] if left else []


def headline(table: DepthTable, found: Results) -> str:
    """The finding in whole digits of a hundred."""
    deep = by_depth(found, True)
    if not deep:
        return t("With batch norm: not measured yet.")
    first, *more = dict.fromkeys((min(deep), max(deep)))
    steps = len(table["runs"][0]["loss"])
    right = {depth: of_hundred(deep[depth]) for depth in deep}
    said = [
        t(
            "After {steps} steps at {layers} layers: with shortcuts {residual} of 100 digits, "
            "without {plain}.",
            steps=steps,
            layers=first,
            **right[first],
        ),
        *(
            t("At {layers} layers: {residual} and {plain}.", layers=depth, **right[depth])
            for depth in more
        ),
        t("Guessing reads {guessing}.", guessing=f"{GUESSING:.0f}"),
    ]
    return in_a_row(said)


def of_hundred(result: Result) -> dict[str, str]:
    return {variant: f"{net.mean.mean:.0f}" for variant, net in result.accuracy.items()}


def beside(table: DepthTable, found: Results) -> str:
    """The statistics of the headline: what was trained, and what tells the deepest nets apart."""
    deep, corrected = by_depth(found, True), gaps(found)
    if not deep:
        return ""
    tests = sum(gap.count > 1 for gap in corrected.values())
    ends = t(", and ").join(
        t(
            "at {layers} {apart}",
            layers=depth,
            apart=apart(deep[depth].accuracy, corrected[Case(depth, True)]),
        )
        for depth in dict.fromkeys((min(deep), max(deep)))
    )
    return t(
        "Narrow nets ({width} channels) with batch norm, each at the learning rate that its "
        "validation digits choose; means of {seeds}, {total} test digits: {ends}. Each p is "
        "corrected for {tests} tests (Holm).",
        width=Case.width,
        seeds=seeds_in_words(len(deep[max(deep)].seeds)),
        total=f"{table['runs'][0]['test_all']['total']:,}",
        ends=ends,
        tests=tests,
    )


def apart(nets: Mapping[str, Accuracy], found: Mean) -> str:
    """Whether a depth tells the nets apart."""
    if found.count == 1:
        return t("one seed tells nothing apart")
    if both_guess(nets):
        return t("neither reads more than guessing would")
    if found.p > SIGNIFICANT:
        return t("they cannot be told apart (p {p})", p=p_in_words(found.p))
    ahead = "residual" if found.mean > 0 else "plain"
    low, high = sorted((abs(found.low), abs(found.high)))
    return t(
        "the net {net} is {points} points ahead (95 % interval {low} to {high}, p {p})",
        net=t(NETS[ahead]),
        points=f"{abs(found.mean):.1f}",
        low=f"{low:.1f}",
        high=f"{high:.1f}",
        p=p_in_words(found.p),
    )


NO_FIT = N_("Without shortcuts the deeper net cannot even fit the digits that it trained on")
WORSE_FIT = N_("Without shortcuts the deeper net fits less well the digits that it trained on")
OVERFITS = N_(
    "Without shortcuts the deeper net reads fewer new digits but fits as well those that it "
    "trained on"
)
FITS = N_(
    "Without shortcuts the deeper net reads no fewer new digits and fits as well those that it "
    "trained on"
)


def overfitting(table: DepthTable, found: Results) -> tuple[bool, str] | None:
    """Whether the deepest net without shortcuts overfits, and one sentence or two why; None where
    there are not two depths to compare.

    It does where it fits its training digits at least as well as the shallowest and reads fewer of
    the test digits. He et al., arXiv 1512.03385, figure 1: deeper plain nets do not.
    """
    deep, epochs = by_depth(found, True), table["about"]["recipe"]["epochs"]
    losses = {depth: result.training_loss(epochs) for depth, result in deep.items()}
    plain = {depth: of["plain"].mean for depth, of in losses.items() if of["plain"] is not None}
    if len(plain) < 2:
        return None
    first, last = min(plain), max(plain)
    right = {depth: deep[depth].accuracy["plain"].mean.mean for depth in (first, last)}
    other = losses[last]["residual"]
    if plain[last] > GUESSING_LOSS / 2 and plain[last] > plain[first]:
        said = NO_FIT
    elif plain[last] > plain[first]:
        said = WORSE_FIT
    else:
        said = OVERFITS if right[last] < right[first] else FITS
    why = [
        t(
            "{said}: its loss on them is {least} at {first} layers and {most} at {last}, and "
            "guessing has {guessing}.",
            said=t(said),
            least=f"{plain[first]:.2f}",
            first=first,
            most=f"{plain[last]:.2f}",
            last=last,
            guessing=f"{GUESSING_LOSS:.2f}",
        )
    ]
    if other is not None:
        loss = f"{other.mean:.2f}"
        why.append(t("With shortcuts it is {loss} at {last}.", loss=loss, last=last))
    is_so = plain[last] <= plain[first] and right[last] < right[first]
    return is_so, in_a_row(why)


def is_overfitting(table: DepthTable, found: Results) -> str:
    answer = overfitting(table, found)
    if answer is None:
        return f"Is the deeper net overfitting? {capital(MISSING)}."
    is_so, why = answer
    return f"Is the deeper net overfitting? {'Yes' if is_so else 'No'}. {why}"


def heading(found: Results) -> str:
    """Who is surely ahead with batch norm, at the least depth and where most; or where that is."""
    corrected = gaps(found)
    of_depth = {depth: corrected[Case(depth, True)] for depth in by_depth(found, True)}
    if not of_depth:
        return t("With batch norm: not measured yet")
    shallowest = min(of_depth)
    widest = max(of_depth, key=lambda depth: abs(of_depth[depth].mean))
    first, most = of_depth[shallowest], of_depth[widest]
    is_sure = first.count > 1 and max(first.p, most.p) <= SIGNIFICANT
    if widest == shallowest or first.mean * most.mean <= 0 or not is_sure:
        return t("With batch norm the nets lie furthest apart at {layers} layers", layers=widest)
    ahead = "residual" if most.mean > 0 else "plain"
    return t(
        "With batch norm the net {net} reads {least} of 100 digits more at {shallowest} layers and "
        "{most} at {widest}",
        net=t(NETS[ahead]),
        least=f"{abs(first.mean):.0f}",
        shallowest=shallowest,
        most=f"{abs(most.mean):.0f}",
        widest=widest,
    )


def bare(found: Results) -> str:
    """Both nets without batch norm, as they begin and of kernels enlarged for live taps."""
    usual, live = by_depth(found, False), by_depth(found, False, is_live=True)
    if not usual:
        return t("Without batch norm: not measured yet.")
    ends = []
    for depth in dict.fromkeys((min(usual), max(usual))):
        said = t("at {layers} layers {pair}", layers=depth, pair=in_pair(usual[depth]))
        if depth in live:
            said = t(
                "{said}, and from kernels enlarged for live taps {pair}",
                said=said,
                pair=in_pair(live[depth]),
            )
        ends.append(said)
    return t("Without batch norm, of 100 digits: {ends}.", ends=t("; ").join(ends))


def in_pair(result: Result) -> str:
    right, nets = of_hundred(result), result.accuracy
    return t(" and ").join(
        t("{right} {net}", right=right[variant], net=t(NETS[variant])) + diverged(nets[variant])
        for variant in VARIANTS
    )


def diverged(net: Accuracy) -> str:
    if not net.diverged:
        return ""
    if net.diverged == len(net.percents):
        return t(" (every training diverges)")
    return t(" ({n} of {all} trainings diverge)", n=net.diverged, all=len(net.percents))


def width(found: Results) -> str:
    """Whether it is width that tells the nets apart; "" where that was not measured."""
    if FULL not in found:
        return ""
    return t(
        "At full width, {width} channels, and {layers} layers, of 100 digits: {pair}.",
        width=FULL.width,
        layers=FULL.depth,
        pair=in_pair(found[FULL]),
    )


def at_the_end_of_the_grid(table: DepthTable, found: Results) -> list[str]:
    """A word on cases that a rate beyond the grid might suit better; none where there is none."""
    chosen = [(case, rate) for case, result in found.items() for rate in result.rates.values()]
    ends = 0
    for case, rate in chosen:
        rates = rates_of(case, table["about"]["rates"])
        ends += rate in (min(rates), max(rates))
    if not ends:
        return []
    return [
        t(
            "In {ends} of {all} cases the chosen rate is the least or the largest of those tried: "
            "there may be a better one beyond.",
            ends=ends,
            all=len(chosen),
        )
    ]


def growth(found: Results, has_norm: bool, when: When) -> dict[str, float | None]:
    """The stem's gradient in the deepest net, over that in the shallowest; None where lost."""
    deep = by_depth(found, has_norm)
    first, last = (deep[depth].gradient(when) for depth in (min(deep), max(deep)))
    return {variant: ratio(last[variant][0], first[variant][0]) for variant in VARIANTS}


def ratio(value: float | None, to: float | None) -> float | None:
    return None if value is None or not to else value / to


def flow(found: Results, has_norm: bool, when: When) -> str:
    """One sentence on how depth changes the gradient that arrives at the stem."""
    depths = by_depth(found, has_norm)
    if not depths:
        return ""
    ways = t(", ").join(
        t("{net} it {fate}", net=t(NETS[variant]), fate=fate(of))
        for variant, of in growth(found, has_norm, when).items()
    )
    return t(
        "{norm}, {when}, the first layer's gradient from {first} to {last} layers: {ways}.",
        norm=capital(t(NORMS[has_norm])),
        when=t(WHEN[when]),
        first=min(depths),
        last=max(depths),
        ways=ways,
    )


def first_weights(found: Results) -> str:
    """How much of it is due to the first weights, not to depth: see depth.enlarged."""
    before = flow(found, False, "start")
    if not before:
        return ""
    taps = t("The first weights count taps that meet padding, as most do on small maps.")
    return in_a_row([before, taps, flow(found, False, "live")])


def fate(found: float | None) -> str:
    """Of a gradient that is so many times as large as in the shallowest net."""
    if found is None:
        return t("is no finite number any more")
    if found < ALMOST_NOTHING:
        return t("shrinks almost to nothing, {times} its size", times=times(found))
    if found < 1:
        return t("shrinks to {times} its size", times=times(found))
    return t("grows to {times} its size", times=times(found))


def shrinking(found: Results) -> str:
    """f's share in the last unit of the first stage, by depth, with batch norm and without."""
    parts = []
    for has_norm, words in NORMS.items():
        deep = by_depth(found, has_norm)
        if deep:
            shares = {depth: percent(ends_of(result.share)[1]) for depth, result in deep.items()}
            first, last = min(deep), max(deep)
            parts.append(f"{words} {shares[first]} at {first} layers and {shares[last]} at {last}")
    return (
        "Before the first step, f's share in what the last unit of the first stage passes on: "
        f"{'; '.join(parts)}."
    )


def capital(text: str) -> str:
    return text[0].upper() + text[1:]
