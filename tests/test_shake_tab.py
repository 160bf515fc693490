import base64
from pathlib import Path
from typing import Any

import pytest

from resnet import ink, mnist, samples
from resnet.classifier import Classifier
from resnet.studies import shake
from tests.studies.stored import shattered_table
from ui.reading import Reader, encoded
from ui.shake import NOTHING, Shake, answered, as_json, wish_of

PICTURE = ink.from_grey_levels(ink.grey_levels(ink.from_strokes(samples.sample(3))))
WISH = {"picture": encoded(PICTURE), "label": 3, "layers": 18, "seed": 7, "nudge": 0.02}


@pytest.fixture(scope="module")
def part(classifiers: dict[str, Classifier]) -> Shake:
    return Shake(Reader(classifiers, mnist.FOLDER), None)


def test_the_server_answers_where_a_browser_cannot(part: Shake) -> None:
    found = part.functions["shaken"](WISH)
    others = shake.company(mnist.load().train)
    (expected,) = shake.Shaker(18, 7).shake(PICTURE, 3, [0.02], others)
    assert found == as_json(expected)
    for net in found["nets"].values():
        assert -1 <= net["cosine"] <= 1
        assert [len(base64.b64decode(picture)) for picture in net["pictures"]] == [1024, 1024]


def test_dark_is_less_ink_for_a_smaller_loss(part: Shake) -> None:
    found = answered(wish_of(WISH), shake.company(mnist.load().train))
    gradient = found.gradients["plain"][0]
    levels = list(base64.b64decode(as_json(found)["nets"]["plain"]["pictures"][0]))
    assert levels[int(gradient.argmax())] < 30
    assert levels[int(gradient.argmin())] > 225


def test_the_pictures_that_fill_the_batch_are_sent(part: Shake) -> None:
    levels = base64.b64decode(part.functions["company"](None)["others"])
    first = ink.from_grey_levels(levels[:1024])
    assert len(levels) == (shake.BATCH - 1) * 1024
    assert (first - ink.frame(mnist.load().train.images[:1])[0]).abs().max() <= 0.501 / 255


@pytest.mark.parametrize(
    "change",
    [{"layers": 98}, {"layers": True}, {"layers": "18"}, {"label": 10}, {"label": 3.0},
     {"nudge": 0.5}, {"nudge": "0.02"},
     {"seed": -1}, {"seed": 2**32}, {"seed": None}, {"picture": 3}, {"picture": None}],
)  # fmt: skip
def test_what_is_not_offered_gets_one_sentence(part: Shake, change: dict[str, Any]) -> None:
    assert part.functions["shaken"](WISH | change) == {"error": "There are no such nets."}


@pytest.mark.parametrize("wish", [None, 3, [], {}, {"picture": ""}])
def test_what_is_no_wish_gets_one_sentence(part: Shake, wish: Any) -> None:
    assert part.functions["shaken"](wish) == {"error": "There are no such nets."}


@pytest.mark.parametrize("picture", ["A", "AAAA", "é"])
def test_a_picture_that_is_not_whole_gets_one_sentence(part: Shake, picture: str) -> None:
    (sentence,) = part.functions["shaken"](WISH | {"picture": picture}).values()
    assert sentence.endswith("incomplete.")


def test_a_wish_is_taken_as_it_is() -> None:
    wish = wish_of(WISH)
    assert (wish.picture == PICTURE).all()
    assert (wish.label, wish.layers, wish.seed, wish.nudge) == (3, 18, 7, 0.02)


def test_what_is_stored_stands_beside_it(classifiers: dict[str, Classifier]) -> None:
    html = str(Shake(Reader(classifiers, mnist.FOLDER), shattered_table()).html_template)
    assert "0.70 (0.60 to 0.80)" in html
    assert "3 seeds" in html
    assert NOTHING not in html


def test_without_digits_or_runs_there_is_a_sentence(
    classifiers: dict[str, Classifier], tmp_path: Path
) -> None:
    part = Shake(Reader(classifiers, tmp_path), None)
    assert NOTHING in str(part.html_template)
    for function, asked in (("company", None), ("shaken", WISH)):
        assert "missing" in part.functions[function](asked)["error"]
