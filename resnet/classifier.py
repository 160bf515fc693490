"""A checkpoint made ready to answer.

For a picture of 32x32 everything that depends on the weights alone is done once, at the start:
batch norms folded into the convolutions before them, kernels cut to their live taps, modules
flattened into one list of operations, memory laid out channels last. The logits are those of the
net as trained, within 1e-4.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NotRequired, TypedDict, TypeVar, cast

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from resnet import checkpoint, ink, lenses, nearest, paths, readback
from resnet.calibration import Calibration
from resnet.language import N_
from resnet.lenses import Cell, LensError
from resnet.model import LiveConv2d, Net, ResNet, Window, fastest_device, map_sizes, placed
from resnet.nearest import Nearest
from resnet.readback import Readback
from resnet.several import LIKELY, Drawing
from resnet.surgery import Settings, alters, trace

Fitted = TypeVar("Fitted", Readback, Nearest)

RIVAL = 0.1  # from this probability on the second best digit is worth naming


@dataclass(frozen=True)
class Answer:
    digit: int | None  # None where the net should not answer, with a reason
    # Of the ten digits if it is one, summing to 1; None for a blank picture.
    probabilities: list[float] | None
    is_digit: float  # the probability that it is one, at even odds beforehand
    reason: str | None = None  # "blank", "not a digit"
    digits: tuple["Answer", ...] = ()  # of a number, which is no digit, from left to right

    @property
    def number(self) -> str:
        """ "2026", or "" for what is no number."""
        return "".join(f"{answer.digit}" for answer in self.digits)

    def as_json(self) -> "AnswerJson":
        fields = asdict(self)
        del fields["digits"]
        if self.digits:
            fields["number"] = self.number
            fields["digits"] = [answer.as_json() for answer in self.digits]
        return cast(AnswerJson, fields)

    def named(self) -> list[int]:
        """The digits that the page names: the likeliest, and the next where there is doubt."""
        if self.digit is None or self.probabilities is None:
            return []
        first, second = sorted(range(10), key=self.probabilities.__getitem__, reverse=True)[:2]
        return [first, second] if self.probabilities[second] >= RIVAL else [first]


class AnswerJson(TypedDict):
    """An Answer as programs get it: the same fields in the same order."""

    digit: int | None
    probabilities: list[float] | None
    is_digit: float
    reason: str | None
    number: NotRequired[str]  # where the drawing is one
    digits: NotRequired[list["AnswerJson"]]


BLANK = Answer(digit=None, probabilities=None, is_digit=0.0, reason="blank")


class Classifier:
    """One net, ready to answer."""

    def __init__(self, net: ResNet, about: checkpoint.About) -> None:
        self.about = about
        self.calibration = Calibration(**about["calibration"])
        self.device = fastest_device()
        # Two ways to run the same weights: unit by unit, and in one go.
        self.body = ready(net, self.device)
        self.body.requires_grad_(False)
        self.net = flattened(self.body)
        # Without the first the lenses "left" and "knew" are closed, without the second "near"; and
        # for each a sentence says why.
        self.readback: Readback | None = None
        self.nearest: Nearest | None = None
        self.missing = dict.fromkeys(("readback", "nearest"), N_("Nothing was fitted to this net."))

    @classmethod
    def load(cls, variant: str, folder: Path = checkpoint.FOLDER) -> "Classifier":
        """With what was fitted to it and lies beside the checkpoint, where that is sound. Raises
        CheckpointError."""
        net, about = checkpoint.load(checkpoint.path_of(variant, folder), variant)
        classifier = cls(net, about)
        classifier.take(variant, folder)
        return classifier

    def take(self, variant: str, folder: Path) -> None:
        """Load the files of a folder that were fitted to these weights."""
        self.readback = self.taken("readback", readback.load, readback.path_of(variant, folder))
        self.nearest = self.taken("nearest", nearest.load, nearest.path_of(variant, folder))

    def taken(
        self, kind: str, load: Callable[[Path, str], tuple[Fitted, Any]], path: Path
    ) -> Fitted | None:
        """None, and the reason among what is missing, where there is none of these weights."""
        try:
            fitted, _ = load(path, self.about["weights_sha256"])
        except checkpoint.CheckpointError as error:
            # Visitors of the page read it: the name of the file is enough.
            self.missing[kind] = str(error).replace(str(path), path.name)
            return None
        self.missing.pop(kind, None)
        return fitted

    @torch.inference_mode()
    def logits(self, pictures: Tensor) -> Tensor:
        """(N, 1, 32, 32) ink in [0, 1] -> (N, 10)."""
        return self.net(ink.normalise(pictures.to(self.device))).cpu()

    def answer(self, pictures: Tensor) -> list[Answer]:
        """(N, 1, 32, 32) ink in [0, 1] -> N answers."""
        return self.judged(pictures, self.logits(pictures)) if len(pictures) else []

    def read(self, drawings: Sequence[Drawing]) -> list[Answer]:
        """The answers to drawings, some of which may be numbers.

        A drawing is a number where the whole is refused as a digit, and each of the digits that it
        falls into is read as one, and is likely to be one. So what is read as a digit stays one,
        in however many strokes.
        """
        if not drawings:
            return []
        wholes = self.answer(torch.stack([drawing.whole for drawing in drawings]))
        return [
            answer if answer.digit is not None else numbered(answer, self.answer(drawing.digits))
            for drawing, answer in zip(drawings, wholes, strict=True)
        ]

    def dissect(
        self, picture: Tensor, settings: Settings, lens: str
    ) -> tuple[Answer, Sequence[Cell]]:
        """The answer to (1, 32, 32) ink in [0, 1] with units altered, and what a lens shows inside.

        The cells are those of the stem and of each unit, see lenses. A net that is altered refuses
        nothing but a blank picture: its threshold was fitted on the whole one. Raises LensError.
        """
        if lens not in lenses.LENSES:
            raise LensError(f"There is no lens named {lens}.")
        pictures = picture.detach()[None]
        with torch.enable_grad() if lens == "why" else torch.inference_mode():
            seen = trace(self.body, pictures.requires_grad_(lens == "why"), settings)
            is_altered = any(map(alters, self.body.units(), settings))
            logits = seen.logits.detach().cpu()
            (answer,) = self.judged(pictures.detach(), logits, may_refuse=not is_altered)
            cells: Sequence[Cell]
            match lens:
                case "maps":
                    cells = lenses.maps(seen)
                case "edit":
                    cells = lenses.edit(seen, self.body)
                case "why":
                    cells = lenses.why(seen)
                case "left":
                    cells = lenses.left(seen, self.opened(self.readback, "readback"))
                case "knew":
                    cells = lenses.knew(seen, self.opened(self.readback, "readback"))
                case "near":
                    cells = lenses.near(seen, self.opened(self.nearest, "nearest"))
        return answer, cells

    @torch.inference_mode()
    def answer_every_way(self, picture: Tensor) -> list[Answer]:
        """The answers to (1, 32, 32) ink in [0, 1] of all nets that are left with units out, in the
        order of paths.ways: the first net is whole, and alone may refuse, as in dissect."""
        logits = paths.logits(self.body, picture).cpu()
        pictures = picture.expand(len(logits), *picture.shape)
        whole = self.judged(pictures[:1], logits[:1])
        return whole + self.judged(pictures[1:], logits[1:], may_refuse=False)

    @torch.inference_mode()
    def reread(self, drawing: Drawing, whole: Answer, settings: Settings) -> Answer:
        """The answer with units altered, to a drawing that the whole net answered with `whole`.

        A number stays one; of its digits none is refused, as in dissect.
        """
        if not any(map(alters, self.body.units(), settings)):
            return whole
        pictures = drawing.digits if whole.digits else drawing.whole[None]
        logits = trace(self.body, pictures, settings).logits.cpu()
        answers = self.judged(pictures, logits, may_refuse=False)
        return replace(whole, digits=tuple(answers)) if whole.digits else answers[0]

    def opened(self, fitted: Fitted | None, kind: str) -> Fitted:
        if fitted is None:
            raise LensError(self.missing[kind])
        return fitted

    def judged(self, pictures: Tensor, logits: Tensor, may_refuse: bool = True) -> list[Answer]:
        """The answers that (N, 10) logits give to (N, 1, 32, 32) pictures, N at least 1."""
        blank = pictures.flatten(1).amax(1) == 0
        rows = zip(
            blank.tolist(),
            self.calibration.probabilities(logits).tolist(),
            self.calibration.is_digit(logits).tolist(),
            strict=True,
        )
        return [
            BLANK if is_blank else self.judge(probabilities, is_digit, may_refuse)
            for is_blank, probabilities, is_digit in rows
        ]

    def judge(self, probabilities: list[float], is_digit: float, may_refuse: bool) -> Answer:
        probabilities = [round(probability, 6) for probability in probabilities]
        refused = may_refuse and is_digit < self.calibration.threshold
        return Answer(
            digit=None if refused else probabilities.index(max(probabilities)),
            probabilities=probabilities,
            is_digit=round(is_digit, 6),
            reason="not a digit" if refused else None,
        )


def numbered(whole: Answer, digits: Sequence[Answer]) -> Answer:
    """The answer to a drawing that is no digit, with the digits it falls into if they are such."""
    is_number = all(a.digit is not None and a.is_digit >= LIKELY for a in digits)
    return replace(whole, digits=tuple(digits)) if is_number else whole


def ready(net: Net, device: torch.device) -> Net:
    """A copy of a net that reads pictures of 32x32 fast: in eval mode, on a device.

    Batch norms are folded into the convolutions before them, kernels cut to their live taps, memory
    laid out channels last. The logits are those of the net, within 1e-4.
    """
    net = copy.deepcopy(net).eval()
    fold_batch_norms(net)
    cut_to_live_taps(net)
    return placed(net, device)


def fold_batch_norms(net: nn.Module) -> None:
    """Let the convolutions of a net in eval mode do what the batch norms after them do."""
    for parent in list(net.modules()):
        for conv_name, norm_name in (("conv1", "bn1"), ("conv2", "bn2"), ("0", "1")):
            conv, norm = (getattr(parent, name, None) for name in (conv_name, norm_name))
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(parent, norm_name, nn.Identity())


class OnePixelConv2d(nn.Module):
    """A convolution that reads one window of the map into a single pixel, as a matrix product.

    (N, in_channels, H, W) -> (N, out_channels, 1, 1). Only the live taps are kept.
    """

    def __init__(self, conv: LiveConv2d, rows: Window, columns: Window) -> None:
        super().__init__()
        (v, self.y), (u, self.x) = rows, columns
        # Channels innermost, as a map in channels-last layout lies in memory.
        weight = conv.weight.detach()[:, :, v, u].permute(0, 2, 3, 1)
        self.weight = nn.Parameter(weight.flatten(1).contiguous())
        self.bias = conv.bias
        self.stride = conv.stride

    def forward(self, x: Tensor) -> Tensor:
        window = x[:, :, self.y, self.x].permute(0, 2, 3, 1)
        return F.linear(window.flatten(1), self.weight, self.bias)[:, :, None, None]


def cut_to_live_taps(net: nn.Module) -> None:
    """Cut the kernels of a net, which then reads pictures of 32x32 only, to the taps they need.

    LiveConv2d cuts at every call, which leaves a kernel scattered in memory; here the cut kernels
    are contiguous, and 37 or 38 % of the weights are read instead of all. A 2x2 map is left to the
    ordinary convolution, which reads fewer weights and so is faster for a single picture.
    """
    device = next(net.parameters()).device
    sizes = map_sizes(net, torch.zeros(1, 1, ink.SIDE, ink.SIDE, device=device))
    convs = {name: m for name, m in net.named_modules() if isinstance(m, LiveConv2d)}
    for name, conv in convs.items():
        rows, columns = conv.windows(*sizes[conv])
        if len(rows) == len(columns) == 1:
            net.set_submodule(name, OnePixelConv2d(conv, rows[0], columns[0]))
        else:
            net.set_submodule(name, ordinary(conv))


def ordinary(conv: LiveConv2d) -> nn.Conv2d:
    """A convolution of torch's own with the same weights."""
    assert not isinstance(conv.padding, str)
    same = nn.Conv2d(
        conv.in_channels, conv.out_channels,
        conv.kernel_size[0], conv.stride[0], conv.padding[0],  # all are square
        bias=conv.bias is not None, device="meta",  # where it draws no first weights
    )  # fmt: skip
    same.weight, same.bias = conv.weight, conv.bias
    return same


def flattened(net: nn.Module) -> fx.GraphModule:
    """The net's operations as one function: for a single picture calling 60 modules takes time."""
    # Not by Tracer.trace, which changes nn.Module for the whole process until it is done: nets that
    # answer in other threads meanwhile would fail.
    tracer = fx.Tracer()
    tracer.root, tracer.graph, tracer.tensor_attrs = net, fx.Graph(), {}
    logits = net(tracer.create_proxy("placeholder", "x", (), {}))
    tracer.create_node("output", "output", (tracer.create_arg(logits),), {})
    return fx.GraphModule(net, tracer.graph)
