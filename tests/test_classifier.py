import copy
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import nn

from resnet import checkpoint, ink, mnist, nearest, readback, samples
from resnet.calibration import Calibration
from resnet.checkpoint import About, CheckpointError
from resnet.classifier import BLANK, Classifier, flattened, ready
from resnet.lenses import LensError
from resnet.model import LiveConv2d
from resnet.nearest import Nearest
from resnet.readback import Readback
from resnet.samples import Stroke
from resnet.surgery import INTACT, Unit, trace, without
from tests.conftest import UNCALIBRATED, lively_net


def test_logits_are_those_of_the_net_as_trained(variant: str) -> None:
    net = lively_net(variant)
    pictures = torch.rand(16, 1, 32, 32)
    with torch.inference_mode():
        expected = net(ink.normalise(pictures))
    assert expected.std() > 0.1  # a dead net would agree with anything
    assert (Classifier(net, UNCALIBRATED).logits(pictures) - expected).abs().max() < 1e-4


def test_logits_of_the_committed_nets(classifiers: dict[str, Classifier], variant: str) -> None:
    net, _ = checkpoint.load(checkpoint.path_of(variant), variant)
    pictures = ink.frame(mnist.load().validation.images[:64])
    with torch.inference_mode():
        expected = net(ink.normalise(pictures))
    assert (classifiers[variant].logits(pictures) - expected).abs().max() < 1e-4


def test_the_net_it_was_made_from_is_left_alone(variant: str) -> None:
    net = lively_net(variant).train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    Classifier(net, UNCALIBRATED)
    assert net.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_nothing_is_left_to_fold_or_cut(variant: str) -> None:
    net = lively_net(variant)
    fast = ready(net, torch.device("cpu"))
    assert not [m for m in fast.modules() if isinstance(m, nn.BatchNorm2d | LiveConv2d)]
    for one in (fast, Classifier(net, UNCALIBRATED).net):
        weights = sum(p.numel() for p in one.parameters() if p.ndim > 1)
        whole = sum(p.numel() for p in net.parameters() if p.ndim > 1)
        assert weights / whole == pytest.approx(0.375, abs=0.01)


def test_nets_answer_while_another_is_flattened() -> None:
    other = nn.Linear(2, 2)
    expected = other(torch.ones(2))

    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with ThreadPoolExecutor(1) as threads:
                assert torch.equal(threads.submit(other, torch.ones(2)).result(), expected)
            return x.relu()

    assert flattened(Net())(-torch.ones(1)) == 0


def test_a_net_is_made_ready_where_it_is(variant: str) -> None:
    """As on a GPU, where the studies train theirs; any device but the CPU will do."""
    meta = torch.device("meta")
    net = lively_net(variant).to(meta)
    assert {tensor.device.type for tensor in ready(net, meta).parameters()} == {"meta"}


def test_making_a_net_ready_leaves_it_as_it_is_and_draws_nothing(variant: str) -> None:
    net = lively_net(variant).train()
    before = copy.deepcopy(net)
    random = torch.get_rng_state()
    ready(net, torch.device("cpu"))
    assert torch.equal(random, torch.get_rng_state())
    assert net.training
    for (name, module), old in zip(net.named_modules(), before.modules(), strict=True):
        assert type(module) is type(old), name
    for tensor, old in zip(net.state_dict().values(), before.state_dict().values(), strict=True):
        assert torch.equal(tensor, old)


def test_a_batch_is_its_pictures_one_by_one(variant: str) -> None:
    classifier = Classifier(lively_net(variant), UNCALIBRATED)
    pictures = torch.rand(7, 1, 32, 32)
    together = classifier.answer(pictures)
    for picture, answer in zip(pictures, together, strict=True):
        (alone,) = classifier.answer(picture[None])
        assert alone.digit == answer.digit
        assert alone.probabilities == pytest.approx(answer.probabilities, abs=1e-5)
    assert classifier.answer(pictures[:0]) == []


def test_probabilities(variant: str) -> None:
    classifier = Classifier(lively_net(variant), UNCALIBRATED)
    pictures = torch.rand(7, 1, 32, 32)
    expected = classifier.logits(pictures).softmax(1)
    for row, answer in zip(expected, classifier.answer(pictures), strict=True):
        assert answer.probabilities is not None
        assert sum(answer.probabilities) == pytest.approx(1, abs=1e-5)
        assert answer.probabilities == pytest.approx(row.tolist(), abs=1e-6)
        assert 0 <= answer.is_digit <= 1


def test_the_samples_are_read(classifiers: dict[str, Classifier], variant: str) -> None:
    pictures = torch.stack([ink.from_strokes(samples.sample(digit)) for digit in range(10)])
    answers = classifiers[variant].answer(pictures)
    assert [answer.digit for answer in answers] == list(range(10))
    assert all(answer.reason is None and answer.is_digit > 0.5 for answer in answers)


def test_blank_gives_no_answer_beside_one_that_does(
    classifiers: dict[str, Classifier], variant: str
) -> None:
    pictures = torch.stack([torch.zeros(1, 32, 32), ink.from_strokes(samples.sample(3))])
    blank, three = classifiers[variant].answer(pictures)
    assert blank == BLANK
    assert blank.as_json() == {
        "digit": None, "probabilities": None, "is_digit": 0.0, "reason": "blank",
    }  # fmt: skip
    assert three.digit == 3


def test_below_the_threshold_is_no_answer(variant: str) -> None:
    net = lively_net(variant)
    net.fc.weight.data.zero_()
    net.fc.bias.data.fill_(-1.0)  # the logsumexp is then log(10) - 1
    chance = 1 / (1 + math.exp(0.5 - 2 * (math.log(10) - 1)))
    for threshold in (chance - 0.01, chance + 0.01):
        calibration = Calibration(3.0, slope=2.0, offset=-0.5, threshold=threshold)
        about: About = {"calibration": asdict(calibration)}
        (answer,) = Classifier(net, about).answer(torch.rand(1, 1, 32, 32))
        assert answer.is_digit == pytest.approx(chance, abs=1e-6)
        assert answer.probabilities == pytest.approx([0.1] * 10)
        refused = threshold > chance
        assert (answer.digit is None) == refused
        assert answer.reason == ("not a digit" if refused else None)


def test_temperature_flattens_and_keeps_the_order(variant: str) -> None:
    net, pictures = lively_net(variant), torch.rand(5, 1, 32, 32)
    hot: About = {"calibration": asdict(Calibration(4.0, 1.0, 0.0, 0.0))}
    for cool, flat in zip(
        Classifier(net, UNCALIBRATED).answer(pictures),
        Classifier(net, hot).answer(pictures),
        strict=True,
    ):
        assert cool.probabilities is not None
        assert flat.probabilities is not None
        assert flat.digit == cool.digit
        assert flat.is_digit == cool.is_digit
        assert max(flat.probabilities) < max(cool.probabilities)


def test_a_checkpoint_without_calibration_is_refused(tmp_path: Path, variant: str) -> None:
    path = checkpoint.path_of(variant, tmp_path)
    for calibration in ({}, {"temperature": 1.0}, None):
        checkpoint.save(path, lively_net(variant), {**UNCALIBRATED, "calibration": calibration})
        with pytest.raises(CheckpointError, match=f"{variant}.*no calibration.*train it"):
            Classifier.load(variant, tmp_path)


# --- what the committed nets make of things that are no digit ---------------------------------


REFUSED: dict[str, list[Stroke]] = {
    "a dot": [[[50.0, 50.0]]],
    "two dots": [[[20.0, 20.0]], [[80.0, 80.0]]],
    "a line that lies": [[[10.0, 50.0], [50.0, 52.0], [90.0, 50.0]]],
    "a cross": [[[50.0, 10.0], [50.0, 90.0]], [[10.0, 50.0], [90.0, 50.0]]],
    "an equals sign": [[[10.0, 30.0], [90.0, 30.0]], [[10.0, 70.0], [90.0, 70.0]]],
    "an X": [[[10.0, 10.0], [90.0, 90.0]], [[90.0, 10.0], [10.0, 90.0]]],
    "an A": [[[10.0, 90.0], [50.0, 10.0], [90.0, 90.0]], [[25.0, 60.0], [75.0, 60.0]]],
    "an M": [[[10.0, 90.0], [15.0, 10.0], [50.0, 60.0], [85.0, 10.0], [90.0, 90.0]]],
    "to and fro": [[[10.0 * i, 90.0 if i % 2 else 10.0] for i in range(10)]],
}


@pytest.mark.parametrize("drawing", REFUSED)
def test_no_digit_is_refused(
    classifiers: dict[str, Classifier], variant: str, drawing: str
) -> None:
    (answer,) = classifiers[variant].answer(ink.from_strokes(REFUSED[drawing])[None])
    assert answer.digit is None
    assert answer.reason == "not a digit"


def test_several_digits_are_refused(classifiers: dict[str, Classifier], variant: str) -> None:
    beside = [[[x + 70, y] for x, y in stroke] for stroke in samples.sample(2)]
    for digit in range(10):
        picture = ink.from_strokes(samples.sample(digit) + beside)
        (answer,) = classifiers[variant].answer(picture[None])
        assert answer.digit is None, digit


# --- dissected --------------------------------------------------------------------------------


def test_body_and_net_share_their_weights(variant: str) -> None:
    classifier = Classifier(lively_net(variant), UNCALIBRATED)
    places = {p.data_ptr() for p in classifier.body.parameters()}
    assert places == {p.data_ptr() for p in classifier.net.parameters()}
    assert not any(p.requires_grad for p in classifier.body.parameters())


FITTED = {"readback": (readback, "fit", "left"), "nearest": (nearest, "make", "near")}


@pytest.mark.parametrize("kind", FITTED)
def test_what_was_fitted_is_taken_along_where_it_is_of_these_weights(
    tmp_path: Path, made: Readback, near: Nearest, kind: str
) -> None:
    module, verb, lens = FITTED[kind]
    of_kind: dict[str, Readback | Nearest] = {"readback": made, "nearest": near}
    fitted = of_kind[kind]
    file = checkpoint.path_of("plain", tmp_path)
    checkpoint.save(file, lively_net("plain"), UNCALIBRATED)
    beside = module.path_of("plain", tmp_path)

    def missing() -> str | None:
        return Classifier.load("plain", tmp_path).missing.get(kind)

    remedy = f"{verb} it anew (python -m resnet {kind})"
    assert missing() == f"plain.{kind}.safetensors: not found; {remedy}"
    _, about = checkpoint.read(file)
    of_data = {"weights_sha256": about["weights_sha256"], "data_sha256": mnist.fingerprint()}
    module.save(beside, fitted, of_data)
    classifier = Classifier.load("plain", tmp_path)
    assert kind not in classifier.missing
    assert getattr(classifier, kind).scores == fitted.scores
    checkpoint.save(file, lively_net("plain", seed=1), UNCALIBRATED)
    assert missing() == f"plain.{kind}.safetensors: was fitted to other weights; {remedy}"
    with pytest.raises(LensError, match="was fitted to other weights"):
        Classifier.load("plain", tmp_path).dissect(torch.rand(1, 32, 32), INTACT, lens)
    beside.write_bytes(beside.read_bytes()[:-1])
    assert f"plain.{kind}.safetensors: cut, damaged" in str(missing())
    Classifier.load("plain", tmp_path).dissect(torch.rand(1, 32, 32), INTACT, "maps")


@pytest.mark.parametrize("lens", ["maps", "edit", "why"])
def test_dissecting_the_whole_net_gives_the_very_answer(
    classifiers: dict[str, Classifier], variant: str, lens: str
) -> None:
    drawings = [samples.sample(digit) for digit in range(10)] + list(REFUSED.values()) + [[]]
    for drawing in drawings:
        picture = ink.from_strokes(drawing)
        (expected,) = classifiers[variant].answer(picture[None])
        assert classifiers[variant].dissect(picture, INTACT, lens)[0] == expected


def test_an_altered_net_refuses_nothing_but_a_blank_picture(
    classifiers: dict[str, Classifier], variant: str
) -> None:
    classifier, altered = classifiers[variant], without([4])
    for drawing in REFUSED.values():
        picture = ink.from_strokes(drawing)
        answer, _ = classifier.dissect(picture, altered, "edit")
        with torch.inference_mode():
            logits = trace(classifier.body, picture[None], altered).logits
        assert answer.digit == logits.argmax().item()
        assert answer.reason is None
        assert answer.probabilities == pytest.approx(
            classifier.calibration.probabilities(logits)[0].tolist(), abs=1e-6
        )
    assert classifier.dissect(torch.zeros(1, 32, 32), altered, "edit")[0] == BLANK


def test_what_does_not_alter_a_plain_net_leaves_it_its_refusals(
    classifiers: dict[str, Classifier],
) -> None:
    untouched = (Unit(has_shortcut=False), Unit(), Unit(is_out=True), *INTACT[3:])
    for drawing in REFUSED.values():
        picture = ink.from_strokes(drawing)
        answers = {v: net.dissect(picture, untouched, "edit")[0] for v, net in classifiers.items()}
        assert answers["plain"] == classifiers["plain"].answer(picture[None])[0]
        assert answers["plain"].digit is None
        assert answers["residual"].digit is not None
