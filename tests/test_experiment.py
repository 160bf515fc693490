import base64
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import torch

from resnet import ink, samples
from resnet.classifier import Classifier
from resnet.studies import proof, textbook, textbook_verdict
from resnet.studies.textbook import TextbookRun, TextbookTable
from tests.studies.stored import PROVENANCE
from ui.experiment import NOTHING, Experiment, checked, figures, finding, nets, rests
from ui.reading import Reader


@pytest.fixture(scope="module")
def table() -> TextbookTable:
    found = textbook.load()
    assert found is not None
    return found


@pytest.fixture
def reader(classifiers: dict[str, Classifier]) -> Reader:
    return Reader(classifiers, Path())


def test_the_finding_and_what_it_rests_on_are_the_verdicts(
    table: TextbookTable, reader: Reader
) -> None:
    assert [finding(table), *rests(table)] == textbook_verdict.sentences(table)
    html = unescape(str(Experiment(reader, table).html_template))
    assert finding(table) in html
    assert all(f"<li>{sentence}</li>" in html for sentence in rests(table))


def test_without_runs_there_is_a_sentence(reader: Reader) -> None:
    empty: TextbookTable = {"about": {**PROVENANCE, "rates": [0.1]}, "runs": []}
    assert finding(None) == finding(empty) == NOTHING
    assert rests(None) == rests(empty) == []
    assert figures(None) == figures(empty) == ""
    assert NOTHING in str(Experiment(reader, None).html_template)


def test_every_figure_stands_in_the_tables(table: TextbookTable) -> None:
    html = figures(table)
    assert html.count("<svg") == 4  # two plots, each for two widths
    for _, _, rows in textbook_verdict.tables(table):
        for row in rows:
            assert all(cell in unescape(html) for cell in row)
    assert "ends ahead in 20" in html  # as it was counted by hand from the file


def test_first_weights_have_a_panel_each(table: TextbookTable) -> None:
    """Runs from PyTorch's that read as those from ours do; of two seeds, to be quick."""
    ours = [run for run in table["runs"] if run["first"] in (None, "fan_out") and run["seed"] < 3]
    theirs: list[TextbookRun] = [{**run, "first": "torch"} for run in ours if run["first"]]
    html = unescape(figures({**table, "runs": [*ours, *theirs]}))
    assert html.count("From this project's first weights") == html.count("<svg") == 4
    assert html.count("From PyTorch's first weights") == 4
    assert "Paddle" not in html
    assert "of 12 comparisons" in html
    assert "ends ahead in 2 and 2 of 2 seeds" in html


def test_both_nets_are_shown_module_by_module() -> None:
    html = nets()
    for number in (
        "11,175,370",
        "11,001,546",
        "35,410,944",
        "35,017,728",
        "64 x 8 x 8",
        "11,180,170 with a bias for every convolution",
        "35,529,728 operations as Paddle",
    ):
        assert number in html


def test_nets_are_counted_without_first_weights() -> None:
    before = torch.random.get_rng_state()
    nets()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_figures_are_drawn_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def draw(table: TextbookTable | None) -> str:
        drawn.append(table)
        return "drawn"

    monkeypatch.setattr("ui.experiment.figures", draw)
    tab = Experiment(reader, None)
    first, second = tab.measured(None), tab.measured(None)
    assert first == second == {"figures": "drawn", "nets": nets()}
    assert drawn == [None]


def picture() -> str:
    return base64.b64encode(ink.grey_levels(ink.from_strokes(samples.sample(7)))).decode()


def test_the_check_is_the_proofs(reader: Reader) -> None:
    def check(wish: Any) -> dict[str, Any]:
        return checked(wish, reader, proof.Prover())

    wish = {"weights": "trained", "flaws": ["typo"], "picture": picture()}
    found = check(wish)
    levels = ink.from_grey_levels(base64.b64decode(picture()))
    expected = proof.Prover().check("trained", ["typo"], levels)
    assert found["printed"] == f"{expected.printed:.2f}"
    assert (found["says"], found["isRight"]) == ("different", True)
    lie = check({**wish, "weights": "fresh", "picture": None})
    assert (lie["printed"], lie["says"], lie["isRight"]) == ("0", "equal", False)
    failed = check({**wish, "flaws": ["train"]})
    assert (failed["printed"], failed["says"], failed["largest"]) == ("fails", None, None)


@pytest.mark.parametrize(
    "wish",
    [
        None, 3, [], {}, {"weights": "other"}, {"weights": "fresh", "flaws": "typo"},
        {"weights": "fresh"}, {"weights": "fresh", "flaws": {"typo": 1}},
        {"weights": "fresh", "flaws": [["typo"]]}, {"weights": "fresh", "flaws": ["none"]},
        {"weights": "fresh", "flaws": [], "picture": "?"},
        {"weights": "fresh", "flaws": [], "picture": 3},
        {"weights": "fresh", "flaws": [], "picture": "AAAA"}, {"weights": [], "flaws": []},
    ],
)  # fmt: skip
def test_a_bad_wish_gets_one_sentence(wish: Any, reader: Reader) -> None:
    reply = Experiment(reader, None).check(wish)
    assert list(reply) == ["error"]
    assert reply["error"].endswith(".")


def test_a_missing_checkpoint_is_said_without_its_path(
    reader: Reader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tab = Experiment(reader, None, tmp_path)
    reply = tab.check({"weights": "trained", "flaws": [], "picture": None})
    assert "missing or damaged" in reply["error"]
    assert str(tmp_path) not in reply["error"]
    assert str(tmp_path) in capsys.readouterr().err
    fresh: dict[str, Any] = {"weights": "fresh", "flaws": [], "picture": None}
    assert tab.check(fresh)["says"] == "equal"
