"""The page: draw a digit, and two ResNet18s, with and without shortcuts, read it side by side."""

import argparse
import functools
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

gc.disable()  # or a tenth of the start goes into looking through what is being imported

from ui import document, health, languages, site  # first: ui/__init__.py imports Gradio

# isort: split
import gradio as gr
import torch
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from resnet import checkpoint, flags, mnist, narrow
from resnet.classifier import Classifier
from resnet.language import LANGUAGES, N_, spoken, t
from resnet.studies import birth as birth_study
from resnet.studies import depth as depth_study
from resnet.studies import lesion, stuck
from resnet.studies import shattered as shattered_study
from resnet.studies import textbook as textbook_study
from resnet.studies.birth import BirthTable
from resnet.studies.depth import DepthTable
from resnet.studies.lesion import LesionTable
from resnet.studies.race_queue import RaceQueue
from resnet.studies.shattered import ShatteredTable
from resnet.studies.stuck import StuckTable
from resnet.studies.textbook import TextbookTable
from ui.board import Board
from ui.cards import AnswerCards
from ui.deeper import Deeper, DeeperNets
from ui.depth import Depth
from ui.document_kept import KeptDocuments
from ui.endpoints import add_endpoints
from ui.experiment import Experiment
from ui.front_door import FrontDoor
from ui.guard import LOOPBACK, MAX_FILE, Guard
from ui.headers import AnswerHeaders
from ui.history import TrainingHistory
from ui.lab import InkLab
from ui.mistakes import Mistakes
from ui.pad import Sketchpad
from ui.part import ROUTE, parts_of
from ui.paths import Paths
from ui.race import Race
from ui.reading import Reader
from ui.renewal import Renewal
from ui.replay import Replay
from ui.shake import Shake
from ui.surprise import Surprise
from ui.title import Title
from ui.tour import Tour
from ui.traffic import InTraffic, Traffic
from ui.worker_files import WorkerFiles

gc.enable()

TITLE = N_("With and without shortcuts")
DIFFERENCE = N_("Two ResNet18s: one has shortcuts, one has none.")
SUMMARY = N_(
    "Two ResNet18s, equally deep. One has shortcuts, one has none. "
    "Draw a digit and watch both read it."
)
CSS = Path(__file__).parent / "ui" / "page.css"
DRAIN = 6.0  # seconds at most until all that is under way is answered
LAST_WORDS = 2  # seconds until connections that are still open then are cut


def get_args_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--host", type=host, default="127.0.0.1", help="default: %(default)s, this machine only"
    )
    parser.add_argument("--port", type=port, default=7860, help="default: %(default)s")
    flags.add_checkpoints(parser)
    parser.add_argument(
        "--embed", action="store_true", help="let pages of other sites show this one in a frame"
    )
    parser.add_argument(
        "--site",
        type=Path,
        metavar="FOLDER",
        help="serve nothing, but write the page to a folder for any plain web host",
    )
    return parser


def port(text: str) -> int:
    if not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"there is no port {text}")
    return int(text)


def host(text: str) -> str:
    if ":" in text:
        raise argparse.ArgumentTypeError(f"{text} is an IPv6 address, which Gradio cannot serve")
    return text


def load(folder: Path) -> dict[str, Classifier]:
    """The nets whose checkpoints are sound; the fault of any other goes to stderr."""
    classifiers = {}
    for variant in checkpoint.VARIANTS:
        try:
            classifiers[variant] = Classifier.load(variant, folder)
        except checkpoint.CheckpointError as error:
            print(error, file=sys.stderr)
    return classifiers


def build(
    classifiers: Mapping[str, Classifier],
    data: Path = mnist.FOLDER,
    measured: LesionTable | None = None,
    textbook: TextbookTable | None = None,
    deep: DepthTable | None = None,
    born: BirthTable | None = None,
    longer: StuckTable | None = None,
    checkpoints: Path = checkpoint.FOLDER,
    races: RaceQueue | None = None,
    shattered: ShatteredTable | None = None,
    deeper: DeeperNets | None = None,
) -> gr.Blocks:
    """The page. measured is what altered nets read right, as in results/lesion.json, textbook,
    deep, born, longer and shattered are the runs of the other results; a race in the queue ends
    when its visitor leaves."""
    reader = Reader(classifiers, data)
    files = WorkerFiles(reader, checkpoints)
    deeper = deeper or DeeperNets(checkpoints / narrow.FOLDER.name)
    races = races or RaceQueue().open()

    def fill() -> None:
        """The page in the language that is spoken."""
        Title(t(TITLE), t(DIFFERENCE))
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
            with gr.Tab(t("Draw"), elem_id="draw"):
                with gr.Row(elem_id="compare"):
                    Sketchpad(reader, files)
                    InkLab()
                    AnswerCards(classifiers)
                    Surprise(deeper)
                Board(classifiers, measured)
                Replay(classifiers)
                Paths(reader, measured)
                if deeper.depths:
                    Deeper(reader, deeper)
            with gr.Tab(t("Fair race"), elem_id="tab-race"):
                Race(races, deep)
            with gr.Tab(t("Depth and gradients"), elem_id="tab-depth"):
                depth = Depth(reader, deep, born, longer)
                Shake(reader, shattered)
            with gr.Tab(t("The experiment"), elem_id="tab-experiment"):
                Experiment(reader, textbook, checkpoints)
            with gr.Tab(t("Training"), elem_id="tab-training"):
                TrainingHistory(classifiers)
            with gr.Tab(t("Mistakes"), elem_id="tab-mistakes"):
                Mistakes(reader)
        Tour([*classifiers], depth.props["overfitting"])

    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(600, 600)) as page:
        fill()
        add_endpoints(reader)
    for language, address in languages.ADDRESSES.items():
        with page.route(LANGUAGES[language], address, show_in_navbar=False), spoken(language):
            fill()
    return page.queue(max_size=64, default_concurrency_limit=2)


def launch(
    page: gr.Blocks,
    host: str,
    port: int,
    is_embedded: bool = False,
    traffic: Traffic | None = None,
) -> str:
    """Serve until page.close(); returns the address. Raises OSError when the port is taken."""
    traffic = traffic or Traffic()
    own = [
        *document.routes(),
        *languages.routes(),
        ROUTE,
        health.route(parts_of(page), traffic),
        *(route for part in parts_of(page) for route in part.routes),
    ]
    document.introduce(TITLE, SUMMARY)
    # Gradio asks the server whether it is up: a proxy of the environment is not to be asked that.
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = f"{os.environ.get(name, '')},localhost,127.0.0.1,{host}"
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        ssr_mode=False,
        show_error=False,
        enable_monitoring=False,
        run_history=False,
        state_session_capacity=16,  # Gradio keeps what every session sent last; nothing needs it
        max_file_size=MAX_FILE,
        footer_links=[],
        _frontend=False,  # or it gives up when the page takes 3 s, as on a machine that is busy
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        css_paths=CSS,
        app_kwargs={
            "middleware": [
                Middleware(AnswerHeaders, is_embedded=is_embedded),
                Middleware(Guard, is_local=host in LOOPBACK),
                Middleware(InTraffic, traffic=traffic),
                Middleware(FrontDoor, page=page, own=own),
                # Gradio itself compresses files only, not the page or what its parts ask.
                Middleware(GZipMiddleware, minimum_size=1000, compresslevel=4),
                Middleware(KeptDocuments, page=page),
            ],
            "routes": own,
        },
    )
    return address


def stop(page: gr.Blocks, traffic: Traffic) -> None:
    """Answer what is under way, refuse what is new, and serve no more."""
    queue = page._queue
    traffic.drain(lambda: len(queue) == 0 and not any(queue.active_jobs), DRAIN)
    page.server.config.timeout_graceful_shutdown = LAST_WORDS
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # of connections that are cut
    page.close()


def write_site(page: gr.Blocks, folder: Path) -> int:
    try:
        site.write(page, folder, TITLE, SUMMARY, CSS)
    except FileExistsError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Written to {folder}. To try it: python -m http.server --directory {folder}")
    return 0


def main(args: argparse.Namespace) -> int:
    # One thread a drawing: a second one gains little on a net this small and loses when two
    # visitors draw at once.
    torch.set_num_threads(1)
    classifiers = load(args.checkpoints)
    if not classifiers:
        return 2
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    races = RaceQueue().open()
    page_of = functools.partial(
        build,
        measured=lesion.load(),
        textbook=textbook_study.load(),
        deep=depth_study.load(),
        born=birth_study.load(),
        longer=stuck.load(),
        checkpoints=args.checkpoints,
        races=races,
        shattered=shattered_study.load(),
        deeper=DeeperNets(args.checkpoints / narrow.FOLDER.name),
    )
    page = page_of(classifiers)
    gc.freeze()  # all of this stays: no need to look through it again while visitors draw
    if args.site:
        races.close()
        return write_site(page, args.site)
    try:
        traffic = Traffic()
        address = launch(page, args.host, args.port, args.embed, traffic)
    except OSError:  # Gradio's sentence recommends a setting of its own
        print(
            f"Cannot listen on {args.host}, port {args.port}: the port is in use, or the host is "
            "not this machine. Choose others with --port and --host.",
            file=sys.stderr,
        )
        return 2
    print(f"Draw at {address} (Ctrl-C stops)", flush=True)
    renewal = Renewal(page, classifiers, args.checkpoints, page_of).open()
    del classifiers  # or these would stay when others are served
    stopping.wait()
    renewal.close()
    stop(page, traffic)
    races.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(get_args_parser().parse_args()))
