"""Training: one recipe for both nets, resumable to the bit.

Nothing random has a state to save: the order of an epoch and the variations of a batch are
functions of the seed and of the step's number. So a run that goes on from its last save draws
what it would have drawn.
"""

import datetime
import math
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from resnet import checkpoint, ink
from resnet.augment import augment
from resnet.calibration import NO_DIGIT, Calibration, calibrate
from resnet.checkpoint import About, Epoch, Mistakes, Notes
from resnet.handwriting import Extras
from resnet.mnist import Mnist, Split
from resnet.model import ResNet, placed
from resnet.parallel import ALONE, Team

HISTORY_EVERY = 20  # steps
AVERAGE_EVERY = 8  # steps


@dataclass(frozen=True)
class Recipe:
    """How both nets are trained, and why.

    Stochastic gradient descent with Nesterov momentum is what residual nets are trained with in
    He et al., arXiv 1512.03385, section 3.4, at batch 128 as there for 32x32 pictures.
    """

    epochs: int = 24
    batch_size: int = 128
    # Of these, pictures that MNIST lacks (resnet/handwriting.py); the rest are MNIST's.
    written: int = 24
    printed: int = 6
    not_digits: int = 10
    # One cycle (Smith and Topin, arXiv 1708.07120): up in a straight line, down along a cosine to
    # nearly 0. The climb lets the plain net, which starts with larger gradients, take the same
    # peak; the end at 0 makes the last epochs the best ones.
    peak_rate: float = 0.1
    climb: float = 0.2  # share of the steps
    # At the end the pictures are varied less: strong variations teach what not to look at, but are
    # not what the net will read (He et al., arXiv 1909.09148). An epoch of it on a trained net
    # lowered the loss on the held-out styles from .033 to .029; with full variations it rose.
    refinement: float = 0.15  # share of the steps
    refinement_strength: float = 0.4
    momentum: float = 0.9
    # On the weights of convolutions and the head only: batch norm undoes a scale anyway.
    weight_decay: float = 5e-4
    # Some of MNIST's labels are wrong, and certainty beyond 95 % is nothing to learn
    # (Szegedy et al., arXiv 1512.00567, section 7).
    label_smoothing: float = 0.05
    # Exponential moving average of the weights (Izmailov et al., arXiv 1803.05407, say why averages
    # generalise better), taken every AVERAGE_EVERY steps, about half an epoch long. On validation
    # it was ahead of the net itself in 41 of the 48 epochs of the committed runs; at the end, when
    # the rate has fallen, they are level.
    average_decay: float = 0.96
    # Products of matrices in bfloat16 where the processor has them, see `products`: a step takes
    # little more than half the time, and the nets read as well (bench/levers.py).
    is_bfloat16: bool = True

    @property
    def mnist(self) -> int:
        return self.batch_size - self.written - self.printed - self.not_digits


class Run:
    """One training under way: all that changes, and how to save it and take it up again.

    A team of processes trains it together, each with a run of its own (resnet/parallel.py).
    """

    def __init__(
        self,
        variant: str,
        recipe: Recipe,
        seed: int,
        data_sha256: str,
        extras: Extras,
        device: torch.device,
        team: Team = ALONE,
    ):
        if recipe.batch_size % team.size:
            raise ValueError(
                f"{team.size} processes cannot share a batch of {recipe.batch_size} equally"
            )
        torch.manual_seed(seed)
        self.variant, self.recipe, self.seed, self.device = variant, recipe, seed, device
        self.team = team
        self.data_sha256, self.extras = data_sha256, extras
        self.net = placed(self.build(), device)
        decay = get_ema_multi_avg_fn(recipe.average_decay)
        self.average = AveragedModel(self.net, multi_avg_fn=decay, use_buffers=True)
        self.joined = team.joined(self.net)
        decayed: dict[str, Any] = {"params": [p for p in self.net.parameters() if p.ndim > 1]}
        free: dict[str, Any] = {
            "params": [p for p in self.net.parameters() if p.ndim == 1],
            "weight_decay": 0.0,
        }
        self.optimizer = torch.optim.SGD(
            [decayed, free],
            lr=recipe.peak_rate,
            momentum=recipe.momentum,
            nesterov=True,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self.step = 0
        self.seconds = 0.0
        self.history: Notes = {"step": [], "loss": [], "gradient_norm": {}, "epochs": []}
        self.best: dict[str, Tensor] = {}

    def build(self) -> ResNet:
        """The net before its first step; benches train others."""
        return checkpoint.build(self.variant)

    def loss(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Of (N, 1, 32, 32) ink in [0, 1] and (N,) labels, 0 to 9 or NO_DIGIT."""
        with products(self.device, self.recipe.is_bfloat16):
            logits = self.joined(ink.normalise(pictures)).float()
        return loss_of(logits, labels, self.recipe.label_smoothing)

    @property
    def best_step(self) -> int:
        """When the weights kept as the best were reached: of equals the last.

        MNIST's validation slice and the held-out styles count alike. An epoch's reading of some
        thousand pictures is noisy, so it counts together with those of the two before it.
        """
        epochs = self.history["epochs"]

        def merit(epoch: Epoch) -> int:  # the sum of both shares, exactly
            return epoch["right"] * epoch["styles_total"] + epoch["styles_right"] * epoch["total"]

        def smoothed(place: int) -> tuple[Fraction, int]:
            together = [merit(epoch) for epoch in epochs[max(0, place - 2) : place + 1]]
            return Fraction(sum(together), len(together)), place

        return int(epochs[max(range(len(epochs)), key=smoothed)]["step"])

    @property
    def identity(self) -> About:
        """All that must be equal for one run to go on where another stopped."""
        return {
            "variant": self.variant,
            "recipe": asdict(self.recipe),
            "seed": self.seed,
            "data_sha256": self.data_sha256,
            "extras_sha256": self.extras.sha256,
        }

    def save(self, path: Path) -> None:
        tensors = {f"net.{name}": tensor for name, tensor in self.net.state_dict().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        for name, parameter in self.net.named_parameters():
            momentum = self.optimizer.state[parameter].get("momentum_buffer")
            if momentum is not None:
                tensors[f"momentum.{name}"] = momentum
        about = {
            "run": self.identity,
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
        }
        checkpoint.write(path, {name: tensor.cpu() for name, tensor in tensors.items()}, about)

    def load(self, path: Path) -> None:
        """Take up a saved run. Raises CheckpointError when it is damaged or another run's."""
        tensors, about = checkpoint.read(path)
        if about.get("run") != self.identity:
            raise checkpoint.CheckpointError(
                f"{path}: saved by a run with other settings or data; "
                "use the same flags as then, or delete the file to start anew"
            )
        parts: dict[str, dict[str, Tensor]] = {"net": {}, "average": {}, "best": {}, "momentum": {}}
        try:
            for name, tensor in tensors.items():
                part, _, rest = name.partition(".")
                parts[part][rest] = tensor
            self.net.load_state_dict(parts["net"])
            self.average.load_state_dict(parts["average"])
            self.best = parts["best"]
            for name, parameter in self.net.named_parameters():
                if name in parts["momentum"]:
                    buffer = torch.empty_like(parameter).copy_(parts["momentum"][name])
                    self.optimizer.state[parameter]["momentum_buffer"] = buffer
            self.step, self.seconds = int(about["step"]), float(about["seconds"])
            history = {name: about["history"][name] for name in self.history}
            self.history = cast(Notes, history)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise checkpoint.CheckpointError(
                f"{path}: not an interrupted run of this project; delete the file to start anew"
            ) from error


def fit(
    run: Run,
    train: Split,
    validation: Split,
    styles: Split,
    save: Callable[[], None],
    stop: Callable[[], bool],
) -> bool:
    """Train until the recipe's last epoch, saving after each. False when stop() asked to leave.

    Of a team the first reads the validation digits, shows how far it is, and saves.
    """
    steps = len(train) // run.recipe.mnist
    if steps == 0:
        raise ValueError(f"{len(train)} pictures do not fill a batch of {run.recipe.mnist}")
    total = steps * run.recipe.epochs
    images, labels = train.images.to(run.device), train.labels.to(run.device)
    with tqdm(
        total=total,
        initial=run.step,
        desc=run.variant,
        unit="step",
        smoothing=0.02,
        dynamic_ncols=True,
        # Not False for the first: that would overrule TQDM_DISABLE.
        **({} if run.team.is_first else {"disable": True}),
    ) as bar:
        if run.history["epochs"]:
            bar.set_postfix(progress(run))
        while run.step < total:
            is_whole = train_one_epoch(run, images, labels, steps, bar, stop)
            if run.team.is_first:
                if is_whole:
                    judge_epoch(run, validation, styles)
                    bar.set_postfix(progress(run))
                save()
            if not is_whole:
                return False
    return True


def train_one_epoch(
    run: Run, images: Tensor, labels: Tensor, steps: int, bar: tqdm, stop: Callable[[], bool]
) -> bool:
    """Train to the end of the epoch that run.step stands in. False when stop() asked to leave."""
    recipe = run.recipe
    total = steps * recipe.epochs
    epoch = run.step // steps
    order = torch.randperm(len(labels), generator=generator(run.seed, "order", epoch))
    order = order.to(run.device)
    run.net.train()
    while run.step < (epoch + 1) * steps:
        if run.team.any(stop(), run.device):
            return False
        started = time.perf_counter()
        for group in run.optimizer.param_groups:
            group["lr"] = learning_rate(run.step / total, recipe)
        position = run.step % steps * recipe.mnist
        batch = order[position : position + recipe.mnist]
        more, more_labels = extra_pictures(run)
        pictures = torch.cat([ink.frame(images[batch]), ink.frame(more)])
        is_refining = run.step >= (1 - recipe.refinement) * total
        strength = recipe.refinement_strength if is_refining else 1.0
        pictures = augment(pictures, generator(run.seed, "augment", run.step), strength)
        of_batch = torch.cat([labels[batch], more_labels])
        loss = run.loss(run.team.share(pictures), run.team.share(of_batch))
        run.optimizer.zero_grad()
        loss.backward()
        if run.step % HISTORY_EVERY == 0:
            record(run, run.team.mean(loss))
            bar.set_postfix(progress(run), refresh=False)
        run.optimizer.step()
        run.step += 1
        if run.step % AVERAGE_EVERY == 0:
            run.average.update_parameters(run.net)
        run.seconds += time.perf_counter() - started
        bar.update()
    return True


def products(device: torch.device, is_bfloat16: bool) -> torch.autocast:
    """Within it a net multiplies in bfloat16, where the device does so faster than in float32.

    Sums, batch norms, weights and gradients of weights stay float32 (Micikevicius et al.: Mixed
    Precision Training, arXiv 1710.03740; Kalamkar et al., arXiv 1905.12322, on bfloat16).
    """
    match device.type:
        case "cpu":
            has_it = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
        case "cuda":
            has_it = torch.cuda.is_bf16_supported(including_emulation=False)
        case _:
            has_it = False
    return torch.autocast(device.type, torch.bfloat16, enabled=is_bfloat16 and has_it)


def extra_pictures(run: Run) -> tuple[Tensor, Tensor]:
    """This step's pictures that MNIST lacks and their labels, drawn anew at every step."""
    recipe, extras = run.recipe, run.extras
    random = generator(run.seed, "extras", run.step)
    pictures, labels = [], []
    for count, images, names in (
        (recipe.written, extras.written.images, extras.written.labels),
        (recipe.printed, extras.printed.images, extras.printed.labels),
        (recipe.not_digits, extras.not_digits, torch.full((len(extras.not_digits),), NO_DIGIT)),
    ):
        chosen = torch.randint(len(images), (count,), generator=random)
        pictures.append(images[chosen])
        labels.append(names[chosen])
    return torch.cat(pictures).to(run.device), torch.cat(labels).to(run.device)


def loss_of(logits: Tensor, labels: Tensor, label_smoothing: float) -> Tensor:
    """Cross-entropy over eleven classes, of which "no digit" has the fixed logit 0.

    With lse the logsumexp of the ten logits, a picture is a digit with the probability
    sigmoid(lse), and digit k, if it is one, with softmax(logits)[k]; the loss is the sum of both
    cross-entropies. So the free energy -lse tells digits from the rest (Liu et al., arXiv
    2010.03759; as a logistic loss in Du et al., arXiv 2202.01197), and it learns to from examples
    (outlier exposure: Hendrycks et al., arXiv 1812.04606) without a weight more than ten logits
    need. Label smoothing is for the ten digits only.
    """
    is_digit = labels != NO_DIGIT
    digits = F.cross_entropy(
        logits, labels, ignore_index=NO_DIGIT, label_smoothing=label_smoothing, reduction="sum"
    )
    lse = logits.logsumexp(1)
    return digits / len(labels) + F.binary_cross_entropy_with_logits(lse, is_digit.to(lse.dtype))


def record(run: Run, loss: Tensor) -> None:
    run.history["step"].append(run.step)
    run.history["loss"].append(round(loss.item(), 5))
    for name, layers in run.net.six_modules().items():
        gradients = [p.grad for layer in layers for p in layer.parameters() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients).item()
        run.history["gradient_norm"].setdefault(name, []).append(float(f"{norm:.4g}"))


def judge_epoch(run: Run, validation: Split, styles: Split) -> None:
    """Read both validation slices with the net and with its average; keep the best average."""
    averaged = run.average.module
    assert isinstance(averaged, ResNet)
    run.history["epochs"].append(
        {
            "step": run.step,
            "right": evaluate(averaged, validation),
            "right_unaveraged": evaluate(run.net, validation),
            "total": len(validation),
            "styles_right": evaluate(averaged, styles),
            "styles_total": len(styles),
        }
    )
    if run.best_step == run.step:
        run.best = {name: tensor.cpu().clone() for name, tensor in averaged.state_dict().items()}


def finish(
    run: Run,
    data: Mnist,
    held_out: Extras,
    path: Path,
    save: Callable[[Path, ResNet, About], About] = checkpoint.save,
) -> About:
    """Read the test set, this once, with the best weights as they are stored, and store them.

    Returns what the checkpoint says of itself; whoever calls this logs the reading.
    """
    best = run.build()
    best.load_state_dict(run.best)
    stored = placed(checkpoint.as_stored(best), run.device)
    styles = held_out.digits
    wrong = mistakes(stored, data.test)
    about: About = {
        **run.identity,
        "validation": {"right": evaluate(stored, data.validation), "total": len(data.validation)},
        "styles": {"right": evaluate(stored, styles), "total": len(styles)},
        "test": {"right": len(data.test) - len(wrong["index"]), "total": len(data.test)},
        "mistakes": wrong,
        "calibration": asdict(calibrated(stored, data.validation, held_out)),
        "best_step": run.best_step,
        "steps": run.step,
        "seconds": round(run.seconds),
        "torch": torch.__version__,
        "device": f"{run.device.type}, {platform.machine()}, {torch.get_num_threads()} threads",
        "date": datetime.date.today().isoformat(),
        "history": run.history,
    }
    return save(path, best, about)


def calibrated(net: ResNet, validation: Split, held_out: Extras) -> Calibration:
    """On MNIST's validation slice and the held-out pictures that MNIST lacks."""
    pictures = [validation.images, held_out.digits.images, held_out.not_digits]
    none = torch.full((len(held_out.not_digits),), NO_DIGIT)
    labels = torch.cat([validation.labels, held_out.digits.labels, none])
    return calibrate(torch.cat([logits_of(net, images) for images in pictures]), labels)


def progress(run: Run) -> dict[str, str]:
    shown = {"loss": f"{np.mean(run.history['loss'][-10:]):.3f}"}
    if run.history["epochs"]:
        last = run.history["epochs"][-1]
        shown["validation"] = f"{100 * last['right'] / last['total']:.2f}%"
    return shown


@torch.inference_mode()
def logits_of(net: ResNet, images: Tensor, batch_size: int = 250) -> Tensor:
    """(N, side, side) uint8 -> (N, 10) on the CPU."""
    device = next(net.parameters()).device
    net.eval()
    batches = images.split(batch_size)
    return torch.cat([net(ink.normalise(ink.frame(b.to(device)))).cpu() for b in batches])


def evaluate(net: ResNet, split: Split) -> int:
    """How many digits of a split the net reads right."""
    return len(split) - len(mistakes(net, split)["index"])


def mistakes(net: ResNet, split: Split) -> Mistakes:
    """Which digits of a split the net reads wrong, in order, and what it says there."""
    said = logits_of(net, split.images).argmax(1)
    index = (said != split.labels).nonzero()[:, 0]
    return {"index": index.tolist(), "said": said[index].tolist()}


def learning_rate(done: float, recipe: Recipe) -> float:
    """The rate when a share of the steps is done: a line up to the peak, a cosine down to 0."""
    if done < recipe.climb:
        return recipe.peak_rate * (0.02 + 0.98 * done / recipe.climb)
    fallen = (done - recipe.climb) / (1 - recipe.climb)
    return recipe.peak_rate * (1 + math.cos(math.pi * fallen)) / 2


def generator(seed: int, purpose: str, number: int) -> torch.Generator:
    """Random numbers that depend on the seed, what they are for, and which step or epoch it is."""
    words = np.random.SeedSequence([seed, *purpose.encode(), number]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(words[0]))
