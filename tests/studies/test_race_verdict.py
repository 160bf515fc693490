import pytest

from resnet.studies.race import Point
from resnet.studies.race_verdict import Band, bands, fair_rate, finding, heading
from tests.studies.stored import STORED, points, run


def ends(residual: int, plain: int) -> list[Point]:
    return points([75, 80], {"residual": [31, residual], "plain": [29, plain]})


def test_a_band_goes_over_the_seeds_at_each_step() -> None:
    assert bands(STORED, 18, True, 0.02) == {
        "residual": Band(3, 200, [5, 10], [20, 90], [25, 110], [30, 160]),
        "plain": Band(3, 200, [5, 10], [10, 60], [21, 80], [22, 81]),
    }


def test_a_band_is_of_one_choice_and_of_the_seeds_that_both_nets_have() -> None:
    others = [
        run("residual", 1, [1, 1], depth=34),
        run("residual", 1, [1, 1], has_norm=False),
        run("residual", 1, [1, 1], is_live=True),
        run("residual", 1, [1, 1], width=64),
        run("residual", 1, [1, 1], rate=0.01),
        run("residual", 9, [1, 1]),
    ]
    stored = [*STORED, *others]
    assert bands(stored, 18, True, 0.02) == bands(STORED, 18, True, 0.02)
    for depth, has_norm, rate in ((34, True, 0.02), (18, False, 0.02), (18, True, 0.01)):
        assert bands(stored, depth, has_norm, rate) == {}
    assert bands([], 18, True, 0.02) == {}


def test_the_fair_rate_is_the_best_of_both_nets_together() -> None:
    stored = [
        run("residual", 1, [0, 150], rate=0.01),
        run("plain", 1, [0, 150], rate=0.01),
        run("residual", 1, [0, 180], rate=0.02),
        run("plain", 1, [199, 110], rate=0.02),
        run("plain", 1, [0, 200], rate=0.02, depth=34),
    ]
    assert fair_rate(stored, 18, True, [0.01, 0.02]) == 0.01
    assert fair_rate(stored, 18, True, [0.02]) == 0.02
    assert fair_rate(stored, 18, False, [0.01, 0.02]) is None
    stored[3]["validation"]["right"][-1] = 120  # equal to the other now
    assert fair_rate(stored, 18, True, [0.02, 0.01]) == 0.01


def test_the_heading_says_how_the_stored_runs_end() -> None:
    assert heading(bands(STORED, 18, True, 0.02)) == (
        "Medians of 3 stored seeds end at 110 with shortcuts, 80 without"
    )
    one = [run("residual", 1, [1, 2]), run("plain", 1, [1, 3])]
    assert heading(bands(one, 18, True, 0.02)) == (
        "The stored seed ends at 2 with shortcuts, 3 without"
    )
    assert "nothing stored" in heading({})


@pytest.mark.parametrize(
    ("rights", "lead", "beside"),
    [
        ((120, 70), "with shortcuts 120 of 200 validation digits, without 70.",
         "at 90 to 160 with shortcuts, as this race does; at 60 to 81 without, as this race does."),
        ((89, 90), "with shortcuts 89 of 200 validation digits, without 90.",
         "at 90 to 160 with shortcuts, and this race below; "
         "at 60 to 81 without, and this race above."),
        ((81, 81), "both nets read 81 of 200 validation digits.",
         "at 90 to 160 with shortcuts, and this race below; "
         "at 60 to 81 without, as this race does."),
    ],
)  # fmt: skip
def test_the_finding_follows_from_the_figures(
    rights: tuple[int, int], lead: str, beside: str
) -> None:
    assert finding(ends(*rights), bands(STORED, 18, True, 0.02)) == (
        f"After 80 steps: {lead} The 3 stored seeds end {beside} "
        "One race can be luck: the band shows 3 others."
    )
    assert finding(ends(*rights), {}) == f"After 80 steps: {lead} One race can be luck."


@pytest.mark.parametrize(
    ("rights", "says"),
    [
        ((20, 20), "Guessing reads 20: neither net has learned anything yet. "),
        ((180, 12), "Guessing reads 20: the net without has learned nothing yet. "),
        ((20, 60), "Guessing reads 20: the net with shortcuts has learned nothing yet. "),
        # 14.5 % of 200: by Wilson's interval at least 10.3 %
        ((180, 29), ""),
        ((180, 28), "Guessing reads 20: the net without has learned nothing yet. "),
    ],
)
def test_a_net_that_guesses_is_said_to(rights: tuple[int, int], says: str) -> None:
    said = finding(ends(*rights), {})
    assert said.partition(". ")[2] == f"{says}One race can be luck."
