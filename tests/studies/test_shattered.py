import json
from pathlib import Path

import pytest

from resnet import mnist
from resnet.__main__ import get_args_parser
from resnet.studies import runs, shake, shattered
from resnet.studies.shattered import ShatteredTable


def test_a_run_is_of_a_seeds_own_digits() -> None:
    data = mnist.load()
    others = shake.company(data.train)
    run = shattered.measured((3, 18), data.validation, others, 2)
    assert shattered.key_of(run) == (3, 18)
    for number in (4, 5):  # the third pair
        picture = shake.pictures_of(data.validation)[number]
        label = int(data.validation.labels[number])
        shaken = shake.Shaker(18, 3).shake(picture, label, shake.NUDGES, others)
        for variant, cosines in run["cosines"].items():
            assert [len(of_nudge) for of_nudge in cosines] == [2, 2, 2]
            for of_nudge, expected in zip(cosines, shaken, strict=True):
                assert of_nudge[number - 4] == pytest.approx(expected.cosine(variant), abs=1e-4)


def command(*arguments: str | Path) -> int:
    args = get_args_parser().parse_args(["shattered", *map(str, arguments)])
    return int(args.run(args))


def test_quick_goes_all_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shattered, "FILE", tmp_path / "shattered.json")
    other = tmp_path / "quick.json"
    assert command("--quick", "--output", other) == 0
    printed = capsys.readouterr().out
    assert "18 layers" in printed
    assert command("--show", "--output", other) == 0
    assert capsys.readouterr().out == printed
    stored = shattered.load(other)
    assert stored is not None
    assert stored["about"]["command"] == "python -m resnet shattered --quick"
    json.dumps(stored, allow_nan=False)
    with pytest.raises(runs.StudyError, match="--quick"):
        command("--quick", "--output", tmp_path / "shattered.json")


def test_more_seeds_than_digits_are_refused(tmp_path: Path) -> None:
    data = mnist.load()
    few = mnist.Mnist(data.train, data.validation.first(7), data.test, data.sha256)
    with pytest.raises(runs.StudyError, match="8 are needed"):
        shattered.whole(2, few, tmp_path / "shattered.json")


def test_the_stored_runs_are_those_of_this_recipe_and_these_data() -> None:
    table = stored()
    about = table["about"]
    assert about["recipe"] == {"digits": shattered.DIGITS, "batch": shake.BATCH}
    assert (about["nudges"], about["data_sha256"]) == (list(shake.NUDGES), mnist.load().sha256)
    seeds = {run["seed"] for run in table["runs"]}
    assert len(seeds) >= 20
    assert len(table["runs"]) == len(seeds) * len(about["depths"])


def stored() -> ShatteredTable:
    table = shattered.load()
    assert table is not None
    return table
