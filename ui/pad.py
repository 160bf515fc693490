"""The drawing pad: pen, samples, upload, and what the nets see."""

from typing import Any

from resnet import ink, lab, mnist, samples
from ui import worker_files
from ui.link import RULES
from ui.markup import Markup
from ui.part import Part, template
from ui.reading import Reader, Reply
from ui.worker_files import WorkerFiles

SAMPLE = Markup(
    '<button type="button" data-sample="$digit" title="Draw a sample $digit">$digit</button>'
)


class Sketchpad(Part):
    """A canvas whose drawing is read while the pen moves: by the server, and by a worker in the
    visitor's browser as soon as it can.

    pad.js puts the drawing into the page's state. It also starts what the whole page needs: the
    link to its state in the address (page_link.js), and the asking (page_asking.js).
    """

    def __init__(self, reader: Reader, files: WorkerFiles) -> None:
        def read(drawing: Any) -> Reply:
            """Answers and picture, or the one sentence of what is wrong."""
            return reader.read(drawing)

        self.for_worker = files  # by another name than the argument: Gradio would publish it
        digits = "".join(SAMPLE.substitute(digit=digit) for digit in range(10))
        html = template("pad.html").substitute().replace("<!-- samples -->", digits)
        super().__init__(
            "pad",
            html,
            [read],
            shared=("warning", "button", "pad_keys"),
            routes=files.routes(),
            files=worker_files.LIST,
            hashes={v: one.about.get("weights_sha256") for v, one in reader.classifiers.items()},
            sheet=lab.SHEET,
            pen=lab.PEN,
            side=ink.SIDE,
            digitSide=mnist.SIDE,
            samples=[drawn(samples.sample(digit)) for digit in range(10)],
            rules=RULES,
        )


def drawn(sample: list[samples.Stroke]) -> list[samples.Stroke]:
    """The same in units of the pad."""
    scale = lab.SHEET / samples.SIDE
    return [[[scale * at for at in point] for point in stroke] for stroke in sample]
