"""Prove it, break it: the official library's resnet18 with our weights, and how a comparison lies.

The textbook ends by giving torchvision's (or Paddle's) resnet18 its own weights and one input; both
must answer alike. Its check has flaws, each a switch here, and prints 0 in spite of them.
"""

import copy
import functools
import importlib
import itertools
import math
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from resnet import ink, samples
from resnet.checkpoint import FOLDER, build, load, path_of
from resnet.language import N_, in_a_row, listed, t
from resnet.model import SEEDING, LiveConv2d, ResNet18
from resnet.summary import besides_products, summarise

# The book's flaws, and one fault of our own that a sound check must find.
FLAWS = {
    "typo": N_(
        "A typo in the names leaves the batch norms of the three projections (bn3) unloaded"
    ),
    "biases": N_("Every convolution has a bias, which the library's net has no place for"),
    "train": N_("Both nets are compared in train mode"),
    "signed": N_("The check takes max(difference), not max |difference|"),
    "planted": N_("Planted, not the book's: every logit of our net is 1 too low"),
}
FAULTS = ("typo", "biases", "planted")  # those that make two different nets
# Two orders of adding up the same float32 products differ by some 1e-6 of the largest logit.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Check:
    """The result of comparing two nets' logits."""

    printed: float | None  # what the check looks at; None where it fails before it can compare
    largest: float | None  # max |difference|, in units of a logit
    says_equal: bool
    is_right: bool  # whether that is so, and was compared at all
    faults: Sequence[str]  # that it turns on
    flaws: Collection[str]
    is_equal: bool

    @property
    def sentence(self) -> str:
        """What the check says and what is true, in the language that is spoken."""
        if self.printed is None:
            return t(CRASH)
        return sentence(self.says_equal, self.faults, self.flaws, is_equal=self.is_equal)


def check(
    net: ResNet18,
    pictures: Tensor,
    flaws: Collection[str] = (),
    other: Callable[[Collection[str]], Check] | None = None,
) -> Check:
    """Compare a residual net with torchvision's on (N, 1, 32, 32) normalised pictures.

    flaws are of FLAWS, in any combination; the net itself stays as it is. Where several are
    faults, the check of each alone is asked of `other`, which may know it already.
    """
    other = other or functools.partial(check, net, pictures)
    ours = copy.deepcopy(net)
    state = dict(net.state_dict())
    if "biases" in flaws:
        add_biases(ours)
    if "planted" in flaws:
        ours.fc.bias.data -= 1
    if "typo" in flaws:
        state = {name: tensor for name, tensor in state.items() if "downsample.1" not in name}
    theirs = official()
    theirs.load_state_dict(state, strict="typo" not in flaws)
    for one in (ours, theirs):
        one.train("train" in flaws)
    try:
        with torch.no_grad():
            expected = theirs(pictures)
            difference = ours(pictures) - expected
    except ValueError:  # of torch's batch norm
        return Check(None, None, False, False, (), flaws, False)
    largest = difference.abs().max().item()
    printed = difference.max().item() if "signed" in flaws else largest
    limit = TOLERANCE * max(1.0, expected.abs().max().item())
    faults = [name for name in FAULTS if name in flaws]
    says_equal, is_equal = printed <= limit, largest <= limit
    culprits = faults
    if len(faults) > 1 and not is_equal:
        mode = {"train"} & set(flaws)
        culprits = [one for one in faults if not other({one, *mode}).says_equal] or faults
    is_right = says_equal == (not faults)
    return Check(printed, largest, says_equal, is_right, culprits, flaws, is_equal)


def official() -> nn.Module:
    """torchvision's resnet18 for one channel and ten classes, to load weights into."""
    # Here and not above: importing it takes seconds and much memory, and only a check needs it.
    from torchvision.models import resnet18

    with torch.device("meta"):  # it draws no first weights: none of them would stay
        theirs: nn.Module = resnet18(num_classes=10)
        theirs.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    theirs.to_empty(device="cpu")
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()  # the identity, where a check forgets to load it
    return theirs


def fresh(seed: int = 0) -> ResNet18:
    """An untrained residual net."""
    with SEEDING:
        torch.manual_seed(seed)
        return build("residual")


def add_biases(net: ResNet18) -> None:
    """A bias for every convolution, drawn as PyTorch draws them: what the textbook's port has."""
    generator = torch.Generator().manual_seed(0)
    for conv in convolutions(net):
        fan_in = conv.weight[0].numel()
        bias = torch.empty(conv.out_channels).uniform_(-1, 1, generator=generator)
        conv.bias = nn.Parameter(bias / math.sqrt(fan_in))


def sample_pictures() -> Tensor:
    """(10, 1, 32, 32): ten drawn digits, as the nets see them."""
    pictures = [ink.from_strokes(samples.sample(digit)) for digit in range(10)]
    return ink.normalise(torch.stack(pictures))


class Prover:
    """Checks of an untrained net and of the one in a folder of checkpoints, loaded when wanted."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.nets: dict[str, ResNet18] = {}
        self.lock = threading.Lock()
        self.of_samples: dict[tuple[str, frozenset[str]], Check] = {}

    def net(self, weights: str) -> ResNet18:
        """ "fresh" or "trained". Raises CheckpointError when there is no sound checkpoint."""
        if weights not in self.nets:
            path = path_of("residual", self.folder)
            self.nets[weights] = fresh() if weights == "fresh" else load(path, "residual")[0]
        return self.nets[weights]

    def prepare(self, weights: str) -> None:
        """Load what a check of these weights needs: seconds for the first one, then nothing."""
        with self.lock:  # or all who ask before the first one is done would load it
            self.net(weights)
        importlib.import_module("torchvision.models")

    def check(self, weights: str, flaws: Collection[str], picture: Tensor | None = None) -> Check:
        """On a (1, 32, 32) picture in [0, 1], or on ten sample digits."""
        if picture is not None:
            return check(self.net(weights), ink.normalise(picture[None]), flaws)
        asked = weights, frozenset(flaws)
        if asked not in self.of_samples:
            other = functools.partial(self.check, weights)
            self.of_samples[asked] = check(self.net(weights), sample_pictures(), flaws, other)
        return self.of_samples[asked]


@functools.cache
def prover_of(folder: Path) -> Prover:
    """One for the page in every language."""
    return Prover(folder)


# --- in words --------------------------------------------------------------------------------

CRASH = N_(
    "The check fails before it can compare: at 32x32 the last maps have one pixel, and batch norm "
    "in train mode finds no variance in one value a channel. Compare in eval mode."
)
WHY = {
    "typo": N_("the projections' batch norms were never loaded"),
    "biases": N_("our net has biases and the library's has none"),
    "planted": N_("every logit of ours is 1 too low"),
}


def sentence(
    says_equal: bool, faults: Sequence[str], flaws: Collection[str], *, is_equal: bool
) -> str:
    """Explain a check, given what it says and what is true."""
    if not faults:
        if says_equal:
            same = t("Same weights, same input, same answers: the two are one net.")
            return in_a_row([same, caveats(flaws)])
        return t("The same net, and yet the answers differ: something is wrong here.")
    reasons = t(" and ").join(t(WHY[fault]) for fault in faults)
    if not says_equal:
        return t("The check says that they differ, and they do: {reasons}.", reasons=reasons)
    if not is_equal:
        return t(
            "The check lies: {reasons}, but max(difference) sees no answer that is too low.",
            reasons=reasons,
        )
    lie = t("The check lies: {reasons}, and still it says equal.", reasons=reasons)
    return in_a_row([lie, hidden(faults, flaws)])


def hidden(faults: Sequence[str], flaws: Collection[str]) -> str:
    """Why two nets that are not the same answer alike."""
    reasons = []
    if "typo" in faults:
        reasons.append(
            t("A fresh batch norm is the identity, and so are those of an untrained net.")
        )
    if "biases" in faults and "train" in flaws:
        reasons.append(t("In train mode a batch norm subtracts the mean, and every bias with it."))
    return in_a_row(reasons)


def caveats(flaws: Collection[str]) -> str:
    if "train" in flaws:
        return t("But in train mode: the check itself has changed the statistics of both.")
    if "signed" in flaws:
        return t("But this check could not have told if ours were too low.")
    return ""


def idle_weights() -> int:
    """Parameters of the shortcuts that the textbook's plain net never calls, biases included.

    The page says it at its start, which has no time to build a net for that.
    """
    widths = itertools.pairwise((64, 128, 256, 512))
    # A 1x1 convolution and its bias, and the two numbers a channel of a batch norm.
    return sum(fewer * more + 3 * more for fewer, more in widths)


def counts_of_the_book(net: ResNet18) -> list[str]:
    """Why the textbook counts more parameters and operations than its residual net has here."""
    modules = summarise(net)
    parameters = sum(row.parameters for row in modules)
    products = sum(row.multiply_adds for row in modules)
    theirs, more = count_with_biases(net), besides_products(net)
    besides = [t("{count} for {what}", count=f"{n:,}", what=t(what)) for what, n in more.items()]
    return [
        t(
            "{parameters} parameters; {theirs} with a bias for every convolution, as in the "
            "textbook's PyTorch port. The batch norm behind it subtracts each of these {biases} "
            "again in training.",
            parameters=f"{parameters:,}",
            theirs=f"{theirs:,}",
            biases=f"{theirs - parameters:,}",
        ),
        t(
            "{products} multiply-adds; {operations} operations as Paddle counts them and the "
            "textbook prints them, with {besides}.",
            products=f"{products:,}",
            operations=f"{products + sum(more.values()):,}",
            besides=listed(besides),
        ),
    ]


def count_with_biases(module: nn.Module) -> int:
    """Its parameters, and a bias for every channel that a convolution makes."""
    biases = sum(conv.out_channels for conv in convolutions(module))
    return sum(parameter.numel() for parameter in module.parameters()) + biases


def convolutions(module: nn.Module) -> list[LiveConv2d]:
    return [part for part in module.modules() if isinstance(part, LiveConv2d)]


def in_digits(value: float | None) -> str:
    """As a check would print it, but not the last bits, which differ from machine to machine."""
    if value is None:
        return t("fails")
    return "0" if abs(value) < TOLERANCE else f"{value:.2f}"
