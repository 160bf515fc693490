"""The page's head: its name, which starts it over, one sentence, and what a classroom needs."""

from html import escape

from ui.languages import switch
from ui.link import RULES
from ui.part import Part, template


class Title(Part):
    """The languages, the buttons of presenter mode (present.js), and a dialog to take the page home
    (share.js)."""

    def __init__(self, title: str, summary: str) -> None:
        html = template("title.html").substitute(
            title=escape(title),
            summary=escape(summary),
            languages=switch(),
            share=template("share.html").substitute(handout=template("handout.html").substitute()),
        )
        super().__init__("title", html, shared=("button", "share"), rules=RULES)
