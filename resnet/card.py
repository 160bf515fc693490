"""A model card for a checkpoint, from what its metadata tell; committed beside it.

What belongs on one is said by Mitchell et al.: Model Cards for Model Reporting, arXiv 1810.03993.
It begins with the lines that Hugging Face reads.
"""

from pathlib import Path

from tabulate import tabulate

from resnet import checkpoint, ink
from resnet.checkpoint import About, CheckpointError, Score
from resnet.language import listed
from resnet.stats import wilson_interval

NAMES = {"residual": "with shortcuts", "plain": "without shortcuts"}
FORMULAS = {"residual": "y = f(x) + x", "plain": "y = f(x)"}
# Of the metadata, beside what every reader needs.
TOLD = {"validation", "styles", "recipe", "seed", "best_step", "steps", "seconds", "device"}
TOLD |= {"torch", "date", "data_sha256"}

CARD = """\
---
license: mit
library_name: pytorch
pipeline_tag: image-classification
tags:
- resnet
- handwritten-digits
datasets:
- ylecun/mnist
model-index:
- name: ResNet18 {name}
  results:
  - task:
      type: image-classification
    dataset:
      name: MNIST
      type: ylecun/mnist
      split: test
    metrics:
    - type: accuracy
      value: {accuracy}
---

# ResNet18 {name}, for handwritten digits

This net reads a handwritten digit, 0 to 9, in a grey picture of {side}x{side} pixels, and says
"not a digit" where it sees none. Each of its eight units computes {formula}. It is one of a pair:
the other net, {other}, computes {other_formula}, and all else is the same.

{facts}

## For what

To be looked into and taken apart: in lessons on deep learning, on the page that belongs to it, and
where somebody needs a small trained net to try a method on.

**Not for cheques**, forms, post or exams, nor for anything else where a misread digit costs
somebody something. It misreads {wrong} of {total} test digits, which are tidier than most
handwriting.

## How well it reads

{scores}

The epoch was chosen on what is kept for validation. The test digits were read when the training
was over, but other trainings of this project were scored on them before: `docs/results.md` lists
them, and tells how the net reads what people drew on tablets.

## Limits

- One digit a picture, prepared as `resnet/ink.py` does it. The net was shown no others.
- Only the digits 0 to 9 as they are written in the West. MNIST's were written in the United States;
  the shapes of other countries come from a random pen and from fonts, not from people.
- A picture that is no digit can pass for one. The threshold of "not a digit" lets 999 of 1,000
  validation digits through, and with them what looks like a digit.
- One training from one seed: how much another would differ is not known.

## Data

- MNIST by Yann LeCun and Corinna Cortes, CC BY-SA 3.0.
- Digits that a random pen writes in the styles of many schools, and pictures of handwriting fonts
  under the SIL Open Font License: {extras} of the {batch} pictures of a batch.
- Letters, signs and scribbles, which the net learns to refuse: {refused} of {batch}.

Nothing in them tells who wrote it.

## Recipe

Stochastic gradient descent, one cycle of the learning rate, averaged weights. What each setting
means and why it is so stands in `resnet/training.py`.

{recipe}

## Licence

The weights are under the MIT licence.
"""


def card_of(path: Path, about: About) -> str:
    """The card of a checkpoint, in Markdown, by its metadata.

    Raises CheckpointError when they do not tell how the net was trained.
    """
    variant, test = about["variant"], about["test"]
    (other,) = (name for name in checkpoint.VARIANTS if name != variant)
    if missing := sorted(TOLD - about.keys()):
        raise CheckpointError(f"{path}: a card is not written without its {listed(missing)}")
    recipe = about["recipe"]
    scores = {
        "MNIST's test digits": test,
        "MNIST's training digits kept for validation": about["validation"],
        "fonts and pen drawings kept for validation": about["styles"],
    }
    return CARD.format(
        name=NAMES[variant],
        formula=FORMULAS[variant],
        other=NAMES[other],
        other_formula=FORMULAS[other],
        accuracy=test["right"] / test["total"],
        side=ink.SIDE,
        facts=table(facts(path, about), ["this net", ""]),
        wrong=test["total"] - test["right"],
        total=f"{test['total']:,}",
        scores=table(
            [[digits, *accuracy(score)] for digits, score in scores.items()],
            ["digits", "right", "share", "95 % interval"],
        ),
        extras=recipe["written"] + recipe["printed"],
        refused=recipe["not_digits"],
        batch=recipe["batch_size"],
        recipe=table(
            [[f"`{name}`", str(value)] for name, value in recipe.items()],
            ["setting", "value"],
        ),
    )


def facts(path: Path, about: About) -> list[list[str]]:
    net = checkpoint.unfilled(about["variant"])
    parameters = sum(weights.numel() for weights in net.parameters())
    return [
        ["kind", f"ResNet18, {parameters:,} parameters, with the names of torchvision's"],
        ["file", f"`{path.name}`, {path.stat().st_size / 1e6:.1f} MB, float16"],
        ["weights", f"sha256 {about['weights_sha256']}"],
        ["training", f"{about['seconds'] / 60:.0f} minutes on {about['device']}"],
        ["", f"seed {about['seed']}, step {about['best_step']} of {about['steps']}"],
        ["", f"torch {about['torch']}, {about['date']}"],
        ["data", f"sha256 {about['data_sha256']}"],
    ]


def accuracy(score: Score) -> list[str]:
    low, high = wilson_interval(**score)
    right, total = score["right"], score["total"]
    return [f"{right}/{total}", f"{right / total:.2%}", f"{low:.2%} - {high:.2%}"]


def table(rows: list[list[str]], headers: list[str]) -> str:
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)
