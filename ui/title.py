"""The page's head: its name, which starts it over, one sentence, and what a classroom needs."""

from html import escape

from ui.link import RULES
from ui.part import FOLDER, Part, template


class Title(Part):
    """The buttons of presenter mode (present.js), and a dialog to take the page home (share.js)."""

    def __init__(self, title: str, summary: str) -> None:
        handout = (FOLDER / "handout.html").read_text()
        html = template("title.html").substitute(
            title=escape(title),
            summary=escape(summary),
            share=template("share.html").substitute(handout=handout),
        )
        super().__init__("title", html, shared=("share",), rules=RULES)
