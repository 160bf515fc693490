import csv
from collections.abc import Callable

import numpy as np
import pytest
import torch

from resnet import handwriting, ink, mnist
from resnet.handwriting import CHARACTERS, FONTS, LIKE_DIGITS


def families() -> list[str]:
    with (FONTS / "fonts.csv").open(newline="") as file:
        return [row["family"] for row in csv.DictReader(file)]


def test_every_font_is_free_to_use_and_named() -> None:
    with (FONTS / "fonts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["licence"] for row in rows} == {"OFL-1.1"}
    assert all(row["copyright"].startswith("Copyright") and row["version"] for row in rows)
    assert [int(row["row"]) for row in rows] == list(range(len(rows)))


def test_the_sheet_has_a_row_a_font_and_a_column_a_character() -> None:
    both = [handwriting.glyphs(held_out).pictures for held_out in (False, True)]
    assert sum(len(pictures) for pictures in both) == len(families())
    for pictures in both:
        assert pictures.shape[1:] == (len(CHARACTERS), ink.SIDE, ink.SIDE)
        assert pictures[:, :62].flatten(2).amax(2).min() > 200  # digits and letters are all there


def test_held_out_fonts_are_other_families() -> None:
    """A family's weights are alike: all of them are trained on, or none."""
    names = families()
    sheet = torch.cat([handwriting.glyphs(False).pictures, handwriting.glyphs(True).pictures])
    assert len(sheet) == len(names)
    held_out = {tuple(p.flatten().tolist()) for p in handwriting.glyphs(True).pictures[:, 7]}
    order = list(dict.fromkeys(names))
    rows = handwriting.glyphs(False).pictures, handwriting.glyphs(True).pictures
    # Put the sheet together again from both parts: each family lies in one of them.
    parts = {family: order.index(family) % handwriting.HELD_OUT == 5 for family in order}
    assert sum(parts[name] for name in names) == len(rows[1])
    assert not any(tuple(p.flatten().tolist()) in held_out for p in rows[0][:, 7])


def likeness(split: mnist.Split) -> torch.Tensor:
    """(10, 10): how what sets a label's mean picture apart correlates with what does in MNIST."""
    apart = []
    for s in (split, mnist.load().train.first(10_000)):
        pictures = ink.frame(s.images).flatten(1)
        means = torch.stack([pictures[s.labels == k].mean(0) for k in range(10)])
        apart.append(means - means.mean(0))
    return torch.corrcoef(torch.cat(apart))[:10, 10:]


@pytest.mark.parametrize(
    "split",
    [
        lambda: handwriting.glyphs().digits(),
        lambda: handwriting.glyphs(True).digits(),
        lambda: handwriting.written(600, 0),
    ],
)
def test_digits_have_their_labels(split: Callable[[], mnist.Split]) -> None:
    alike = likeness(split())
    assert alike.argmax(1).tolist() == list(range(10))


def test_letters_that_look_like_digits_are_never_refused_on_purpose() -> None:
    glyphs = handwriting.glyphs()
    others = {tuple(picture.flatten().tolist()) for picture in glyphs.others()}
    for character in "0123456789OoIlZzSsBbgqG|/":
        if character not in CHARACTERS:
            continue
        column = glyphs.pictures[:, CHARACTERS.index(character)]
        assert not any(tuple(picture.flatten().tolist()) in others for picture in column)
    assert set(LIKE_DIGITS) < set(CHARACTERS)
    assert len(others) > 500


def test_extras_are_made_from_their_seed() -> None:
    first, again = handwriting.extras(40), handwriting.extras(40)
    other = handwriting.extras(40, held_out=True)
    assert first.sha256 == again.sha256 != other.sha256
    assert first.written.labels.tolist() == [k % 10 for k in range(40)]
    for part in (first.written.images, first.printed.images, first.not_digits):
        assert part.dtype == torch.uint8
        assert part.shape[1:] == (32, 32)
        assert part.flatten(1).amax(1).min() > 100
    assert len(first.digits) == 40 + len(first.printed)


def test_a_changed_pixel_changes_the_hash() -> None:
    extras = handwriting.extras(20)
    before = extras.sha256
    extras.not_digits[3, 16, 16] ^= 1
    assert extras.sha256 != before


def test_letters_in_a_row_fill_the_box() -> None:
    bar = np.zeros((32, 32), np.uint8)
    bar[6:26, 14:18] = 255
    row = handwriting.in_a_row(np.stack([bar] * 3)).numpy()
    ys, xs = np.nonzero(row > 100)
    assert max(np.ptp(ys), np.ptp(xs)) + 1 == ink.BOX
    profile = row.max(0) > 100
    assert np.count_nonzero(np.diff(profile.astype(int)) == 1) == 3  # three bars, apart
