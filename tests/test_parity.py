"""The page's worker reads as Python does: a little of what python -m bench.parity measures."""

import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from bench import parity
from bench.parity import Difference, Question, Worker, board
from resnet import checkpoint, export, ink, lenses
from resnet.classifier import Classifier
from resnet.surgery import INTACT

DRAWINGS = parity.drawings_of(22, seed=1)


@pytest.fixture(scope="module")
def exported(classifiers: dict[str, Classifier]) -> dict[str, Classifier]:
    return {variant: export.as_exported(one) for variant, one in classifiers.items()}


@pytest.fixture(scope="module")
def worker(classifiers: dict[str, Classifier], tmp_path_factory: pytest.TempPathFactory) -> Worker:
    return Worker(classifiers, checkpoint.FOLDER, tmp_path_factory.mktemp("exported"))


def differences(
    worker: Worker, exported: Mapping[str, Classifier], questions: list[Question]
) -> Difference:
    found = parity.compare_replies(worker, exported, questions)
    assert found.others == []
    assert found.values > 50 * len(questions)
    assert found.level <= 1
    return found


def test_pictures_logits_and_answers(
    worker: Worker, classifiers: dict[str, Classifier], exported: dict[str, Classifier]
) -> None:
    read = parity.compare_drawings(worker, classifiers, exported, DRAWINGS)
    assert read.pictures < 1
    assert max(read.logits.values()) < 1e-3
    assert set(read.same.values()) == {read.total}
    assert min(read.as_trained.values()) >= read.total - 1


def test_the_coarser_the_weights_the_farther_the_logits(
    classifiers: dict[str, Classifier], variant: str
) -> None:
    trained = classifiers[variant]
    found = parity.compare_weights(trained, parity.by_hand(22, seed=1))
    off = [found[how].logits for how in ("as trained", "float16", "one byte")]
    assert off[0] == 0 < 10 * off[1] < off[2] < 1
    assert {how: one.total for how, one in found.items()} == dict.fromkeys(found, 22)
    assert found["as trained"].same == found["float16"].same == 22
    answers = trained.answer(torch.stack([ink.from_strokes(strokes) for strokes in DRAWINGS]))
    right = [answer.digit == label for answer, label in zip(answers, 2 * parity.HANDS, strict=True)]
    assert found["as trained"].right == sum(right)


@pytest.mark.parametrize("lens", lenses.LENSES)
def test_lenses(worker: Worker, exported: dict[str, Classifier], lens: str) -> None:
    questions = [
        {"strokes": strokes, "board": board(INTACT, lens)} for strokes in [*DRAWINGS[:4], []]
    ]
    assert differences(worker, exported, questions).number < 2e-3


def test_cuts_with_every_lens(worker: Worker, exported: dict[str, Classifier]) -> None:
    altered = itertools.islice(parity.cuts(np.random.default_rng(0)), 0, None, 4)
    of_lens = itertools.cycle(lenses.LENSES)
    questions = [
        {"strokes": DRAWINGS[number % 11], "board": board(units, lens)}
        for number, (units, lens) in enumerate(zip(altered, of_lens, strict=False))
    ]
    differences(worker, exported, questions)
    assert max(parity.compare_logits(worker, exported, questions).values()) < 1e-4


def test_all_nets_with_units_out(worker: Worker, exported: dict[str, Classifier]) -> None:
    drawings = [
        {"strokes": DRAWINGS[0]},
        {"strokes": DRAWINGS[10]},  # a sign: the whole nets alone may refuse it
        {"digit": 18},
        {"strokes": DRAWINGS[1], "lab": {"on": ["line"], "pen": 52}},
        {"strokes": []},
    ]
    questions = [{**drawing, "net": net} for drawing in drawings for net in checkpoint.VARIANTS]
    assert differences(worker, exported, questions).number < 1e-3


def test_numbers(worker: Worker, exported: dict[str, Classifier]) -> None:
    questions = list(parity.numbers(16, np.random.default_rng(0)))
    found = parity.compare_replies(worker, exported, questions)
    assert found.others == []
    assert found.level <= 1
    assert found.number < 2e-3
    said = [one["reply"].get("part") for one in worker.read(questions)]
    assert sum(part is not None for part in said) > 6


def test_steps_of_the_lab(worker: Worker, exported: dict[str, Classifier]) -> None:
    random = np.random.default_rng(0)
    questions = [
        {"strokes": parity.on_sheet(strokes, random), "lab": steps}
        for steps, strokes in zip(parity.lab_steps(), itertools.cycle(DRAWINGS), strict=False)
    ]
    found = parity.compare_replies(worker, exported, questions)
    assert found.others == []
    assert found.level <= 1


def test_images_and_images_in_the_lab(worker: Worker, exported: dict[str, Classifier]) -> None:
    images = list(parity.images_of(DRAWINGS[:12], np.random.default_rng(0)))
    in_lab = [
        {**image, "lab": steps} for image, steps in zip(images, parity.lab_steps(), strict=False)
    ]
    found = parity.compare_replies(worker, exported, [*images, *in_lab])
    assert found.others == []
    assert found.level <= 1


def test_test_digits(worker: Worker, exported: dict[str, Classifier]) -> None:
    questions = [{"digit": index} for index in (0, 18, 247, 9999, 10_000, -1)]
    found = parity.compare_replies(worker, exported, questions)
    assert found.others == []
    assert found.level <= 1


@pytest.mark.parametrize("box", [16, 24, 28])
def test_the_worker_takes_the_box_from_python(
    classifiers: dict[str, Classifier],
    exported: dict[str, Classifier],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    box: int,
) -> None:
    monkeypatch.setattr(ink, "BOX", box)
    monkeypatch.setattr(ink, "ROOM", (ink.SIDE - box) / 2)
    worker = Worker(classifiers, checkpoint.FOLDER, tmp_path)
    images = parity.images_of(DRAWINGS[:2], np.random.default_rng(0))
    digits = [{"digit": index} for index in (0, 18, 247)]
    strokes = [{"strokes": strokes} for strokes in DRAWINGS[:3]]
    found = parity.compare_replies(worker, exported, [*images, *digits, *strokes])
    assert found.others == []
    assert found.level <= 1


def test_what_cannot_be_read_is_refused_in_the_same_words(
    worker: Worker, exported: dict[str, Classifier]
) -> None:
    far, lab_of_far = [[[0, 2e5], [0, 0]]], {"on": [], "pen": 52}
    questions: list[Question] = [
        {"strokes": "none"},
        {"strokes": [[[1, 2, 3]]]},
        {"strokes": [[["1", "2"]]]},
        {"strokes": [[[1, 1e200]]]},
        {"strokes": [[[0, 0]] * (ink.MAX_POINTS + 1)]},
        {"strokes": far, "lab": lab_of_far},
        {"strokes": "none", "net": "plain"},
        {"strokes": [], "net": "other"},
        {"strokes": far, "lab": {"on": [], "pen": 1}},
    ]
    found = parity.compare_replies(worker, exported, questions)
    assert found.others == []
    assert found.values == len(questions)


def test_a_difference_is_found() -> None:
    found = Difference()
    found.take({"a": [1.5, {"digit": 3}]}, {"a": [1.0, {"digit": None}]}, "0")
    assert found.number == 0.5
    assert found.others == ["0.a.1.digit: 3 for None"]
    found.take("A" * 200, "A" * 199 + "B", "1")
    assert found.level == 1


def test_a_folder_of_both_nets_is_enough(
    classifiers: dict[str, Classifier], tmp_path: Path
) -> None:
    worker = Worker(classifiers, checkpoint.FOLDER, tmp_path)
    assert len(list(worker.folder.iterdir())) == 8
    (said,) = worker.read([{"strokes": []}])
    assert {answer["reason"] for answer in said["reply"]["answers"].values()} == {"blank"}
