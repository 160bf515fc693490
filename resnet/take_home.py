"""The nets for use elsewhere: python -m resnet card, export."""

import argparse
import sys
from pathlib import Path

from tabulate import tabulate

from resnet import checkpoint, flags
from resnet.card import card_of


def add_take_home_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "card",
        help="a model card for each trained net",
        description="Print a model card for each trained net, in Markdown, from what its "
        "checkpoint tells: what it is for and what not, how well it reads, its data and recipe. "
        "Takes a second. With --output each is written to a file, DIR/residual.md and "
        "DIR/plain.md.",
    )
    flags.add_variants(command, "--model")
    flags.add_checkpoints(command)
    command.add_argument("--output", type=Path, metavar="DIR", help="write them to this folder")
    command.set_defaults(run=card)

    command = commands.add_parser(
        "export",
        help="the nets as ONNX, with units to unplug and dials to turn",
        description="Compare each trained net as ONNX with torch, whole and with parts taken out. "
        "Where the logits are the same, it is written to the folder, as residual.onnx and "
        "plain.onnx. Dials and shortcuts are inputs, what each unit made is an output. Takes "
        "seconds.",
    )
    command.add_argument("folder", type=Path, metavar="FOLDER")
    flags.add_variants(command, "--model")
    flags.add_checkpoints(command)
    command.set_defaults(run=export)


def card(args: argparse.Namespace) -> int:
    for variant in flags.variants(args.model):
        path = checkpoint.path_of(variant, args.checkpoints)
        text = card_of(path, checkpoint.load(path, variant)[1])
        if args.output is None:
            print(text)
            continue
        args.output.mkdir(parents=True, exist_ok=True)
        (args.output / f"{variant}.md").write_text(text)
    return 0


def export(args: argparse.Namespace) -> int:
    try:
        from resnet import onnx_graph
    except ModuleNotFoundError as error:
        print(f"There is no {error.name} here: pip install onnx onnxruntime", file=sys.stderr)
        return 1
    rows = []
    for variant in flags.variants(args.model):
        net, about = checkpoint.load(checkpoint.path_of(variant, args.checkpoints), variant)
        try:
            path, difference = onnx_graph.write(args.folder, net, about)
        except onnx_graph.OnnxError as error:
            print(error, file=sys.stderr)
            return 1
        rows.append([path, f"{path.stat().st_size / 1e6:.1f}", f"{difference:.0e}"])
    headers = ["file", "MB", f"logits differ by at most, in {onnx_graph.SETTINGS} settings"]
    print(tabulate(rows, headers, tablefmt="github", disable_numparse=True))
    return 0
