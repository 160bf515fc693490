"""The page's head: its name, which starts it over, one sentence, and what a classroom needs."""

from html import escape

from ui.languages import switch
from ui.part import Part, template


class Title(Part):
    """In presenter mode, the buttons for that too; see present.js."""

    def __init__(self, title: str, summary: str) -> None:
        html = template("title.html").substitute(
            title=escape(title), summary=escape(summary), languages=switch()
        )
        super().__init__("title", html)
