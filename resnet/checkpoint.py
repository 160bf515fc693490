"""Checkpoints that describe themselves: saved so that nothing is lost, loaded only when whole.

One safetensors file a net, float16. Its metadata say what it is (variant, recipe, seed, accuracy,
data, versions, history) and carry a sha256 over themselves and the tensors, since safetensors
does not notice a flipped byte. They also keep how the net read ten sample digits when it was
saved: a net that reads them differently now is run by code it was not made for.
"""

import contextlib
import copy
import datetime
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypedDict, cast

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from resnet import ink, samples
from resnet.calibration import Calibration
from resnet.model import SEEDING, ResNet, ResNet18

FOLDER = Path(__file__).parent.parent / "checkpoints"
VARIANTS = ("residual", "plain")

Description = Mapping[str, Any]  # JSON values


class Score(TypedDict):
    right: int
    total: int


class Mistakes(TypedDict):
    index: list[int]  # of the digits misread, in order
    said: list[int]  # of each


class Epoch(TypedDict):
    """Both validation slices after an epoch, read by the averaged weights unless it says else."""

    step: int
    right: int
    right_unaveraged: int
    total: int
    styles_right: int
    styles_total: int


class Notes(TypedDict):
    """Taken during a training: step, loss and gradient norms every few steps, see training.record;
    epochs after each."""

    step: list[int]
    loss: list[float]
    gradient_norm: dict[str, list[float]]  # by module
    epochs: list[Epoch]


class About(TypedDict, total=False):
    """The metadata of a checkpoint. load sees to those that every reader needs: variant,
    weights_sha256, test and calibration; any other may be missing or of an older kind."""

    variant: str
    weights_sha256: str
    self_test: list[int]  # the answers to the sample digits 0 to 9
    test: Score
    validation: Score
    styles: Score  # held out
    mistakes: Mistakes  # on the test set
    calibration: dict[str, float]  # the fields of Calibration
    recipe: dict[str, Any]  # the fields of training.Recipe
    seed: int
    data_sha256: str
    extras_sha256: str
    best_step: int
    steps: int
    seconds: float
    torch: str
    device: str
    date: str
    history: Notes
    depth: int  # layers; this and the rest of narrow nets only, see narrow.py
    box: int  # pixels, the ink.BOX of the pictures that it was trained on
    seeds: int  # trained, of which this one read most


class CheckpointError(Exception):
    """A checkpoint that cannot be used; the message names file, fault and remedy in one line."""


def path_of(variant: str, folder: Path = FOLDER) -> Path:
    return folder / f"{variant}.safetensors"


def build(variant: str) -> ResNet18:
    with SEEDING:  # it draws first weights, as every net does
        return ResNet18(use_residual=variant == "residual")


def unfilled(variant: str) -> ResNet18:
    """A net whose weights are about to be loaded, or are only counted: drawing them takes time."""
    with NoFirstWeights():
        return build(variant)


class NoFirstWeights(TorchFunctionMode):
    """Leaves what torch.nn.init would draw as it is."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function in (Tensor.normal_, nn.init.kaiming_uniform_, nn.init.uniform_):
            return args[0] if args else kwargs["tensor"]
        return function(*args, **(kwargs or {}))


def save(
    path: Path, net: ResNet, about: Description, tensors: dict[str, Tensor] | None = None
) -> About:
    """Write a net as float16 with its description, replacing the file only when all is well.

    Returns the description as it is stored. The tensors are those of `halved`, or what a file
    keeps of them.
    """
    variant = "residual" if net.use_residual else "plain"
    tensors = halved(net) if tensors is None else tensors
    if name := not_finite(tensors):
        raise CheckpointError(f"{path}: not written, since {name} has values that are not finite")
    described = {
        **about,
        "variant": variant,
        "weights_sha256": digest(tensors, {}),
        "self_test": self_test(as_stored(net)),
    }
    write(path, tensors, described)
    return cast(About, described)


def load(path: Path, variant: str) -> tuple[ResNet18, About]:
    """The net of a checkpoint, float32 in eval mode on the CPU, and what its metadata say.

    Raises CheckpointError when the file is missing, damaged, not finite or not this variant's, when
    its metadata lack what every reader needs, or when the net no longer reads the samples as it
    did.
    """
    try:
        tensors, stored = read(path)
        about = needed(stored, path)
        if about["variant"] != variant:
            raise CheckpointError(
                f"{path}: holds the {about['variant']} net, not the {variant} one"
            )
        net = unfilled(variant)
        fill(net, tensors, about, path)
    except CheckpointError as error:
        raise CheckpointError(
            f"{error}; restore it (git checkout -- checkpoints) "
            f"or train it (python train.py --variant {variant})"
        ) from error
    return net, about


def needed(about: Description, path: Path) -> About:
    """The metadata of a file, where they have what every reader needs. Raises CheckpointError."""
    if name := unusable(about):
        raise CheckpointError(f"{path}: its metadata have no {name} that can be used")
    return cast(About, about)


def fill(net: ResNet, tensors: Mapping[str, Tensor], about: About, path: Path) -> None:
    """Give a net the weights of a file, and put it in eval mode. Raises CheckpointError when they
    are another net's, are not finite, or no longer read the samples as they did."""
    try:
        net.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: not the weights of this {type(net).__name__}") from error
    if name := not_finite(net.state_dict()):
        raise CheckpointError(f"{path}: {name} has values that are not finite")
    net.eval()
    if self_test(net) != about.get("self_test"):
        raise CheckpointError(f"{path}: no longer reads the sample digits as when it was saved")


def unusable(about: Description) -> str | None:
    """The first of the metadata that every reader needs and that is missing or makes no sense.

    The rest (recipe, history, mistakes and so on) is for single tables and plots, which say so
    where they find none.
    """
    sound = {
        "variant": about.get("variant") in VARIANTS,
        "weights_sha256": isinstance(about.get("weights_sha256"), str),
        "test": is_score(about.get("test")),
        "calibration": is_calibration(about.get("calibration")),
    }
    return next((name for name, is_sound in sound.items() if not is_sound), None)


def is_score(value: Any) -> bool:
    match value:
        case {"right": int(right), "total": int(total)}:
            return 0 <= right <= total and 0 < total < 10**9
    return False


def is_calibration(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {field.name for field in fields(Calibration)}
        and all(isinstance(number, int | float) for number in value.values())
        and all(abs(number) < 1e9 for number in value.values())  # nor is NaN
        and value["temperature"] > 1e-3
    )


def not_finite(tensors: dict[str, Tensor]) -> str | None:
    """The name of the first tensor with a value that is not finite."""
    bad = (name for name, tensor in tensors.items() if not torch.isfinite(tensor).all())
    return next(bad, None)


def halved(net: ResNet) -> dict[str, Tensor]:
    """The state dict as it is stored: on the CPU, floats as float16, but for statistics that it
    cannot hold. In a net that never learnt, batch norm may have seen variances of millions."""
    tensors = {name: tensor.detach().cpu() for name, tensor in net.state_dict().items()}
    return {
        name: tensor if is_kept(name, tensor) else tensor.half() for name, tensor in tensors.items()
    }


def is_kept(name: str, tensor: Tensor) -> bool:
    if not tensor.is_floating_point():
        return True
    return ".running_" in name and not torch.isfinite(tensor.half()).all()


def as_stored(net: ResNet) -> ResNet:
    """A copy with the weights rounded as storing rounds them, in eval mode on the CPU."""
    stored = copy.deepcopy(net).cpu()
    stored.load_state_dict(halved(net))
    return stored.eval()


@torch.inference_mode()
def self_test(net: ResNet) -> list[int]:
    """The net's answers, in eval mode, to the sample digits 0 to 9."""
    pictures = torch.stack([ink.from_strokes(samples.sample(digit)) for digit in range(10)])
    return net(ink.normalise(pictures)).argmax(1).tolist()


def write(path: Path, tensors: dict[str, Tensor], about: Description) -> None:
    """Write tensors and a description so that a crash, a full disk or a kill keeps the old file.

    Raises CheckpointError when it cannot be written.
    """
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    about = {**about, "sha256": digest(tensors, about)}
    raw = safetensors.torch.save(tensors, {key: json.dumps(value) for key, value in about.items()})
    draft = path.with_name(f".{path.name}.tmp")  # the same folder: a rename must not cross disks
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        read(draft)
        draft.replace(path)
    except OSError as error:
        raise CheckpointError(
            f"{path}: cannot be written ({error.strerror}); what was there before is kept"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    if os.name == "posix":  # the new name is on the disk only when its folder is
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read(path: Path) -> tuple[dict[str, Tensor], Description]:
    """The tensors and the description of a file, verified against its own sha256.

    The file is read whole, not mapped: replacing it later cannot change tensors in use.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: not found") from error
    except IsADirectoryError as error:
        raise CheckpointError(f"{path}: is a folder, not a file") from error
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        tensors = safetensors.torch.load(raw)
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        about = {key: json.loads(value) for key, value in header["__metadata__"].items()}
        expected = about.pop("sha256")
        found = digest(tensors, about)
    except (SafetensorError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise CheckpointError(
            f"{path}: cut, damaged or not a checkpoint of this project"
        ) from error
    if found != expected:
        raise CheckpointError(f"{path}: damaged, its sha256 is not the one in its metadata")
    return tensors, about


def fitted_to(of_net: Description, data_sha256: str) -> dict[str, Any]:
    """The metadata of a file fitted today to this net, on these data."""
    return {
        "variant": of_net["variant"],
        "weights_sha256": of_net["weights_sha256"],
        "data_sha256": data_sha256,
        "torch": torch.__version__,
        "date": datetime.date.today().isoformat(),
    }


def read_fitted(
    path: Path, weights_sha256: str, remedy: str
) -> tuple[dict[str, Tensor], Description]:
    """A file that was fitted to a net's weights; it lies beside their checkpoint.

    Raises CheckpointError, which names the remedy, when the file is missing, damaged or was fitted
    to other weights.
    """
    try:
        tensors, about = read(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}; {remedy}") from error
    if about.get("weights_sha256") != weights_sha256:
        raise CheckpointError(f"{path}: was fitted to other weights; {remedy}")
    return tensors, about


def digest(tensors: dict[str, Tensor], about: Description) -> str:
    """sha256 over the description and over name, type, shape and bytes of every tensor."""
    sha256 = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        sha256.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        sha256.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return sha256.hexdigest()
