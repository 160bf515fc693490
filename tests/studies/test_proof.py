import itertools

import pytest
import torch
import torchvision
from torch import nn

from resnet import checkpoint
from resnet.__main__ import get_args_parser
from resnet.model import ResNet18
from resnet.studies import proof
from tests.conftest import lively_net


@pytest.fixture(scope="module")
def trained() -> ResNet18:
    return checkpoint.load(checkpoint.path_of("residual"), "residual")[0]


PICTURES = proof.sample_pictures()


def test_the_library_is_the_librarys() -> None:
    official = proof.official()
    assert type(official) is torchvision.models.ResNet
    net = lively_net("residual")
    official.load_state_dict(net.state_dict(), strict=True)
    with torch.no_grad():
        expected = official.eval()(PICTURES)
    found = proof.check(net, PICTURES)
    assert found.largest is not None
    assert found.largest == pytest.approx((net(PICTURES) - expected).abs().max().item())
    assert found.largest < 1e-4
    assert (found.says_equal, found.is_right) == (True, True)


def test_an_unloaded_batch_norm_shows_only_when_it_is_not_the_identity(trained: ResNet18) -> None:
    lie = proof.check(proof.fresh(), PICTURES, ["typo"])
    assert (lie.says_equal, lie.is_right) == (True, False)
    assert "lies" in lie.sentence
    truth = proof.check(trained, PICTURES, ["typo"])
    assert (truth.says_equal, truth.is_right) == (False, True)
    # By hand: torchvision's net with fresh norms on its three projections.
    official = proof.official()
    official.load_state_dict(trained.state_dict())
    for layer in (official.layer2, official.layer3, official.layer4):
        channels = layer[0].downsample[1].num_features  # type: ignore[index,union-attr]
        layer[0].downsample[1] = nn.BatchNorm2d(channels)  # type: ignore[index,union-attr]
    with torch.no_grad():
        expected = (trained(PICTURES) - official.eval()(PICTURES)).abs().max().item()
    assert truth.largest == pytest.approx(expected, rel=1e-4)
    assert expected > 1


def test_biases_hide_in_train_mode_only(trained: ResNet18) -> None:
    assert proof.check(trained, PICTURES, ["biases"]).is_right
    lie = proof.check(trained, PICTURES, ["biases", "train"])
    assert (lie.says_equal, lie.is_right) == (True, False)
    assert "every bias" in lie.sentence


def test_a_difference_below_0_is_lost_without_the_absolute_value(trained: ResNet18) -> None:
    truth = proof.check(trained, PICTURES, ["planted"])
    assert truth.printed == pytest.approx(1, abs=1e-4)
    assert (truth.says_equal, truth.is_right) == (False, True)
    lie = proof.check(trained, PICTURES, ["planted", "signed"])
    assert lie.printed == pytest.approx(-1, abs=1e-4)
    assert lie.largest == pytest.approx(1, abs=1e-4)
    assert (lie.says_equal, lie.is_right) == (True, False)


def test_only_faults_that_show_are_blamed(trained: ResNet18) -> None:
    blamed = {
        weights: proof.check(net, PICTURES, ["typo", "planted"]).sentence
        for weights, net in (("fresh", proof.fresh()), ("trained", trained))
    }
    assert all("1 too low" in sentence for sentence in blamed.values())
    assert "never loaded" in blamed["trained"]
    assert "never loaded" not in blamed["fresh"]
    hidden = proof.check(trained, PICTURES, ["biases", "train", "planted", "signed"]).sentence
    assert "lies: every logit of ours is 1 too low, but" in hidden


def test_train_mode_needs_more_than_one_picture(trained: ResNet18) -> None:
    found = proof.check(trained, PICTURES[:1], ["train"])
    assert (found.printed, found.says_equal, found.is_right) == (None, False, False)
    assert "one pixel" in found.sentence
    assert proof.check(trained, PICTURES, ["train"]).is_right


def test_a_check_leaves_the_net_as_it_was() -> None:
    net = lively_net("residual")
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    proof.check(net, PICTURES, list(proof.FLAWS))
    after = net.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert not net.training


def test_every_combination_has_its_sentence() -> None:
    net = lively_net("residual")
    for count in range(len(proof.FLAWS) + 1):
        for flaws in itertools.combinations(proof.FLAWS, count):
            found = proof.check(net, PICTURES, flaws)
            wrong = any(fault in flaws for fault in proof.FAULTS)
            assert found.is_right == (found.says_equal != wrong)
            assert ("lies" in found.sentence) == (found.says_equal and wrong)
            assert ("one net" in found.sentence) == (not wrong)


def test_what_the_book_counts() -> None:
    units = checkpoint.build("residual").units()
    idle = sum(proof.count_with_biases(unit.downsample) for unit in units if unit.downsample)
    assert proof.idle_weights() == idle == 174_720
    parameters, operations = proof.counts_of_the_book(checkpoint.unfilled("residual"))
    assert parameters.startswith("11,175,370 parameters; 11,180,170 with a bias")
    assert "these 4,800 again" in parameters
    assert operations.startswith("35,410,944 multiply-adds; 35,529,728 operations as Paddle")
    assert operations.endswith(
        "with 16,384 for the stem's biases, 101,376 for batch norms and 1,024 for the mean over "
        "the last maps."
    )


def test_the_command_shows_each_lie(capsys: pytest.CaptureFixture[str]) -> None:
    args = get_args_parser().parse_args(["prove"])
    assert args.run(args) == 0
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("| ")
    ]
    said = {(row[0], row[2]): row[5] for row in rows}
    assert said["none", "trained"].startswith("Same weights")
    assert said["typo", "fresh"] == "The check lies"
    assert said["planted + signed", "trained"] == "The check lies"
    assert said["train", "fresh"].startswith("The check fails")
