"""The tour: three things to try, each a guess first and then a look."""

from collections.abc import Mapping
from pathlib import Path
from string import Template

import gradio as gr

from resnet import lab
from resnet.classifier import Classifier
from ui import script
from ui.cards import LOOKS

HERE = Path(__file__).parent
GUESS = Template(
    '<fieldset class="guess $variant"><legend>$title</legend>'
    '<label><input type="radio" name="guess-$variant" value="reads">still reads it</label>'
    '<label><input type="radio" name="guess-$variant" value="loses">loses it</label></fieldset>'
)


class Tour(gr.HTML):
    """A line above the board that grows into three steps.

    tour.js wants things of the other parts with "put-board", "put-lab" and "corner" on the
    document, and takes what came of it from the board's "told".
    """

    def __init__(self, classifiers: Mapping[str, Classifier]) -> None:
        page = Template((HERE / "tour.html").read_text())
        guesses = "".join(
            GUESS.substitute(LOOKS[variant], variant=variant) for variant in classifiers
        )
        super().__init__(
            html_template=page.substitute(guesses=guesses),
            css_template=(HERE / "tour.css").read_text(),
            js_on_load=script("article.js", "tour.js"),
            apply_default_css=False,
            elem_id="tour",
            nets=[{"variant": v, "title": LOOKS[v]["title"]} for v in classifiers],
            # In the corner a drawing stays only where nothing crops, boxes or centres it.
            steps=[step for step in lab.STEPS if step == "line"],
        )
