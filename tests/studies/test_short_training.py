import numpy as np
import pytest
import torch
from PIL import Image

from resnet import mnist
from resnet.mnist import Mnist
from resnet.studies.runs import StudyError
from resnet.studies.short_training import ShortRecipe, finite, pictures_of, slices


@pytest.fixture(scope="session")
def data() -> Mnist:
    return mnist.load()


def test_the_pictures_are_the_books(data: Mnist) -> None:
    images = data.train.images[:50]
    pictures = pictures_of(images)
    assert pictures.shape == (50, 1, 32, 32)
    resized = [
        Image.fromarray(i.numpy()).resize((32, 32), Image.Resampling.BILINEAR) for i in images
    ]
    levels = pictures[:, 0] * 127.5 + 127.5
    theirs = torch.from_numpy(np.stack([np.asarray(image) for image in resized])).float()
    assert (levels - theirs).abs().max() <= 1.001  # Pillow rounds twice
    assert (levels - levels.round()).abs().max() < 1e-4
    ends = pictures_of(torch.tensor([0, 255], dtype=torch.uint8)[:, None, None].expand(2, 28, 28))
    assert ends.unique().tolist() == [-1, 1]


def test_the_slices_are_the_first_digits_of_each_split(data: Mnist) -> None:
    found = slices(data, ShortRecipe())
    assert [len(split) for split in found.values()] == [1000, 200, 10_000]
    for name, split in (
        ("train", data.train), ("validation", data.validation), ("test_all", data.test)
    ):  # fmt: skip
        count = len(found[name])
        assert torch.equal(found[name].labels.cpu(), split.labels[:count])
        assert torch.equal(found[name].images[-1].cpu(), pictures_of(split.images[:count])[-1])


def test_too_few_digits_are_refused(data: Mnist) -> None:
    few = Mnist(data.train, data.validation.first(9), data.test, data.sha256)
    with pytest.raises(StudyError, match="validation slice has 9 digits"):
        slices(few, ShortRecipe(train=20, validation=10))


def test_a_loss_that_is_no_number_is_none() -> None:
    assert finite(torch.tensor(1.23456)) == 1.2346
    for bad in (torch.nan, torch.inf):
        assert finite(torch.tensor(bad)) is None
