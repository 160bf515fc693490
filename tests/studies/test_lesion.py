import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from resnet import checkpoint, ink, mnist
from resnet.__main__ import get_args_parser
from resnet.model import ResNet18
from resnet.studies import lesion
from resnet.studies.lesion import (
    Counts,
    LesionTable,
    SeedCounts,
    right_under,
    ways_to_be_out,
    with_unit,
)
from resnet.surgery import INTACT, UNITS, Unit, trace, without
from tests.conftest import lively_net

PICTURES = torch.rand(40, 1, ink.SIDE, ink.SIDE, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=checkpoint.VARIANTS)
def net(request: pytest.FixtureRequest) -> ResNet18:
    """One that does not say the same to every picture."""
    net = lively_net(request.param)
    with torch.no_grad():
        net.fc.bias.sub_(trace(net, PICTURES).logits.mean(0))
    return net


def test_shared_beginnings_count_as_each_setting_alone(
    net: ResNet18, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesion, "BATCH", 16)  # the last one is not full
    labels = torch.arange(40) % 10
    settings = [
        INTACT,
        *ways_to_be_out(net.units(), 2).values(),
        *(with_unit(n, Unit(has_shortcut=False, dial=1.5)) for n in range(1, UNITS + 1)),
    ]
    found = right_under(net, PICTURES, labels, settings)
    with torch.inference_mode():
        for one in settings:
            said = trace(net, PICTURES, one).logits.argmax(1)
            assert found[one] == int((said == labels).sum())
    assert len(set(found.values())) > 1


def test_what_a_net_says_itself_is_all_right(net: ResNet18) -> None:
    settings = without([2, 4])
    with torch.inference_mode():
        labels = trace(net, PICTURES, settings).logits.argmax(1)
    assert right_under(net, PICTURES, labels, [settings]) == {settings: 40}


def test_every_choice_of_units_that_can_be_out(net: ResNet18) -> None:
    free = range(1, 9) if net.use_residual else (1, 2, 4, 6, 8)
    ways = ways_to_be_out(net.units(), UNITS)
    assert len(ways) == 2 ** len(free) - 1
    assert len(set(ways.values())) == len(ways)
    assert list(ways_to_be_out(net.units(), 1)) == [str(number) for number in free]
    assert ways["2,4"] == without([2, 4])
    for name, settings in ways.items():
        out = [str(n) for n, unit in enumerate(settings, 1) if unit.is_out]
        assert name == ",".join(out)


@pytest.fixture(scope="module")
def small() -> mnist.Mnist:
    data = mnist.load()
    few = data.test.first(30)
    return mnist.Mnist(data.train.first(128), few, few, data.sha256)


def lively_nets() -> dict[str, Any]:
    return {v: (lively_net(v), {"weights_sha256": v}) for v in checkpoint.VARIANTS}


@pytest.fixture
def nets() -> dict[str, Any]:
    return lively_nets()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lesion.json"


NOTHING: Counts = {"total": 1, "whole": 0, "out": {}, "cut": {}, "dial": {}}


FEW_DIALS = (0.0, 2.0)


@pytest.fixture(scope="module")
def measured_once(small: mnist.Mnist, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("measured") / "deep" / "lesion.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lesion, "DIALS", FEW_DIALS)
        table = lesion.study(lively_nets(), 1, small, path, workers=1)
    assert lesion.load(path) == table
    return path


@pytest.fixture
def table(measured_once: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> LesionTable:
    """As it comes back from its file, of one's own."""
    monkeypatch.setattr(lesion, "DIALS", FEW_DIALS)
    shutil.copyfile(measured_once, path)
    table = lesion.load(path)
    assert table is not None
    return table


def test_the_study_is_whole(table: LesionTable) -> None:
    for variant, counts in table["shipped"].items():
        assert counts["weights_sha256"] == variant
        assert counts["total"] == 30
        assert list(counts["dial"]) == [str(n) for n in range(1, 9)]
        assert all(list(of_unit) == ["0", "1", "2"] for of_unit in counts["dial"].values())
        assert all(of_unit["1"] == counts["whole"] for of_unit in counts["dial"].values())
    residual, plain = table["shipped"]["residual"], table["shipped"]["plain"]
    assert len(residual["out"]) == 255
    assert len(plain["out"]) == 31
    assert list(residual["cut"]) == [str(n) for n in range(1, 9)]
    assert plain["cut"] == {}
    assert all(residual["out"][n] == residual["dial"][n]["0"] for n in residual["cut"])
    (seed,) = table["seeds"]
    assert list(seed["plain"]["out"]) == ["1", "2", "4", "6", "8"]


def test_only_what_is_missing_is_measured(
    table: LesionTable,
    nets: dict[str, Any],
    small: mnist.Mnist,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def measured(net: Any, *_: Any) -> Counts:
        asked.append("plain" if net is nets["plain"][0] else "residual")
        return NOTHING

    def measured_seed(key: tuple[int, str], data: mnist.Mnist) -> SeedCounts:
        asked.append(f"{key[1]} {key[0]}")
        if key == (3, "plain"):
            raise KeyboardInterrupt
        return {**NOTHING, "seed": key[0]}

    monkeypatch.setattr(lesion, "measured", measured)
    monkeypatch.setattr(lesion, "measured_seed", measured_seed)
    assert lesion.study(nets, 1, small, path, workers=1)["seeds"] == table["seeds"]
    assert asked == []
    nets["plain"] = (nets["plain"][0], {"weights_sha256": "other"})
    with pytest.raises(KeyboardInterrupt):
        lesion.study(nets, 4, small, path, workers=1)
    assert asked == ["plain", "residual 2", "plain 2", "residual 3", "plain 3"]
    kept = lesion.load(path)
    assert kept is not None
    second: SeedCounts = {**NOTHING, "seed": 2}
    assert kept["seeds"] == [*table["seeds"], {"residual": second, "plain": second}]
    assert kept["shipped"]["residual"] == table["shipped"]["residual"]
    assert kept["about"]["command"].endswith("--seeds 2")
    monkeypatch.setattr(lesion, "SHORT", dataclasses.replace(lesion.SHORT, peak_rate=0.3))
    asked.clear()
    lesion.study(nets, 1, small, path, workers=1)
    assert asked == ["residual", "plain", "residual 1", "plain 1"]


def test_the_printed_tables_say_what_is_stored(table: LesionTable) -> None:
    shipped, seeds, by_count, dials = lesion.tables(table)
    residual = table["shipped"]["residual"]
    assert shipped[2][0][1].startswith(f"{residual['whole']} (")
    assert [row[3].split()[0] for row in shipped[2][1:]] == [
        str(right) for right in residual["cut"].values()
    ]
    for _, headers, rows in (shipped, seeds):
        assert [row[0] for row in rows if row[2] == "no detour"] == ["3", "5", "7"]
        assert all(len(row) == len(headers) for row in rows)
    assert all(len(row) == len(by_count[1]) for row in by_count[2])
    assert [row[1] for row in by_count[2]] == ["1", "8", "28", "56", "70", "56", "28", "8", "1"]
    assert [row[3] for row in by_count[2]] == ["1", "5", "10", "10", "5", "1", "", "", ""]
    assert len(dials[2]) == 16
    assert dials[2][3][2:] == [f"{r / 30:.1%}" for r in residual["dial"]["4"].values()]
    assert len(lesion.tables({**table, "seeds": []})) == 3


def test_nets_by_how_many_units_are_out_by_hand() -> None:
    out = {"2": 8, "4": 2, "6": 3, "2,4": 5}
    shipped: dict[str, Any] = {
        "residual": {"total": 10, "whole": 9, "out": out},
        "plain": {"total": 10, "whole": 10, "out": {}},
    }
    assert lesion.by_how_many(shipped["residual"]) == {0: [9], 1: [8, 2, 3], 2: [5]}
    assert lesion.by_count(shipped) == [
        ["0", "1", "90.0% (90.0% - 90.0%)", "1", "100.0% (100.0% - 100.0%)"],
        ["1", "3", "30.0% (20.0% - 80.0%)", "", ""],
        ["2", "1", "50.0% (50.0% - 50.0%)", "", ""],
    ]


def test_the_spread_over_seeds_by_hand() -> None:
    numbers = [str(n) for n in range(1, 9)]

    def counts(right: int) -> SeedCounts:
        each = dict.fromkeys(numbers, right)
        return {"seed": 1, "total": 10, "whole": right, "out": each, "cut": each, "dial": {}}

    seeds = [{"residual": counts(right)} for right in (9, 2, 5)]
    kinds: tuple[lesion.Kind, ...] = ("whole", "out", "cut")
    for kind in kinds:
        assert lesion.spread(seeds, "residual", kind, "4") == "50.0% (20.0% - 90.0%)"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"about": {}, "shipped": {}, "seeds": []}'])
def test_a_table_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "lesion.json"
    assert lesion.load(path) is None
    path.write_text(text)
    assert lesion.load(path) is None


def test_the_committed_table_is_of_the_committed_nets() -> None:
    table = lesion.load()
    assert table is not None
    assert len(table["seeds"]) >= 5
    for variant, counts in table["shipped"].items():
        _, about = checkpoint.load(checkpoint.path_of(variant), variant)
        assert counts["weights_sha256"] == about["weights_sha256"]
        assert counts["whole"] == about["test"]["right"]
        assert counts["total"] == about["test"]["total"]
    assert json.loads(lesion.FILE.read_text()) == table


def test_quick_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lesion, "FILE", tmp_path / "lesion.json")
    args = get_args_parser().parse_args(["lesion", "--quick"])
    assert args.run(args) == 0
    printed = capsys.readouterr().out
    assert "right of 50 test digits" in printed
    assert "1 seed " in printed
    assert [*tmp_path.iterdir()] == []
