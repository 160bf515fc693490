import itertools

import pytest

from resnet.studies import runs, shattered_verdict
from resnet.studies.shattered_verdict import Likeness, in_words, likeness
from tests.studies.stored import shattered_table as table


def test_medians_of_digits_then_of_seeds() -> None:
    found = likeness(table())
    assert found[0.002, 18]["plain"] == Likeness(0.9, 0.9, 0.9)
    assert found[0.02, 18]["residual"] == Likeness(0.7, 0.6, 0.8)
    assert found[0.02, 18]["plain"] == Likeness(0.3, 0.1, 0.4)
    assert found[0.02, 34]["plain"] == Likeness(0.0, -0.03, 0.01)


def test_a_seed_that_is_not_whole_does_not_count() -> None:
    found = likeness(table((3, 34)))
    of_net = found[0.02, 18]["residual"]
    assert of_net.median == pytest.approx(0.65)
    assert (of_net.low, of_net.high) == (0.6, 0.7)
    with pytest.raises(runs.StudyError):
        likeness(table((1, 18), (2, 34), (3, 34)))


def test_every_cosine_has_a_word_and_more_never_means_less() -> None:
    words = [in_words(hundredths / 100) for hundredths in range(-100, 101)]
    told = [word for word, _ in itertools.groupby(words)]
    assert told == [word for _, word in reversed(shattered_verdict.WORDS)]
    assert in_words(0) == "unrelated"


def test_what_is_said_has_the_figures() -> None:
    ((title, headers, rows),) = shattered_verdict.tables(table())
    assert "3 seeds" in title
    assert headers == ["nudge", "layers", "with shortcuts", "without"]
    assert len(rows) == 4
    assert rows[2] == ["2 %", "18", "0.70 (0.60 to 0.80)", "0.30 (0.10 to 0.40)"]
    *_, shallow, deep, caution = shattered_verdict.sentences(table())
    assert "18 layers" in shallow
    assert "with shortcuts the two answers are alike (cosine 0.70)" in shallow
    assert "without loosely related (0.30)" in shallow
    assert "34 layers" in deep
    assert "with shortcuts the two answers are unrelated (cosine 0.10)" in deep
    assert "without unrelated (0.00)" in deep
    assert "unrelated (cosine 0.10)" in caution
    assert "not shown" in caution
