"""A part of the page: a template, a style sheet, a script, and functions that it calls.

The scripts are ES modules, served as files. Each part's module has a function "mount" that brings
the part to life; they share the page's state, in page.js, because a module is loaded once a page.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, stat_result
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from resnet.language import SOURCE, speaking, spoken
from ui.markup import Markup

FOLDER = Path(__file__).parent
# A path without a slash in front: it leads on from wherever a proxy has put the page.
SCRIPTS = sorted(f"ui/{path.name}" for path in FOLDER.glob("*.js"))
# Asked for at once, or each import would wait for the one before.
PRELOAD = "".join(f'<link rel="modulepreload" href="{path}">' for path in SCRIPTS)
TAB = ("warning", "tab")  # the style sheets that the tabs of figures share
TYPES = {".js": "text/javascript; charset=utf-8", ".wasm": "application/wasm"}  # on any system

Function = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Ahead:
    """How a function answers on a page that has no server: some questions are asked when the page
    is built, and their replies stored with it."""

    questions: Sequence[Any] = (None,)
    otherwise: str = ""  # the sentence that answers any other


class Part(gr.HTML):
    """A part of the page, with all that lies under its name in this folder.

    Its html is given, for it is filled in; NAME.css holds for it alone, after the style sheets that
    it shares with others; NAME.js is mounted with the props. Its functions can be called from
    there: each takes one argument of any kind, and what it refuses with gr.Error comes back as
    {"error": one sentence}. What else it needs of the server lies behind its routes. Of the
    functions that are named in ahead, a page without a server has the replies (ui/site.py).

    It speaks the language that is spoken where it is made, and its functions do so ever after.
    """

    def __init__(
        self,
        name: str,
        html: str,
        functions: Sequence[Function] = (),
        shared: Sequence[str] = (),
        routes: Sequence[BaseRoute] = (),
        ahead: Mapping[str, Ahead] | None = None,
        **props: Any,
    ) -> None:
        self.language = speaking.get()
        self.routes = routes
        self.ahead = ahead or {}
        self.functions = {function.__name__: in_words(function) for function in functions}
        # The only word in quotes is no name: Gradio makes a listener of any that stands in them.
        mount = (
            f'import(new URL("ui/{name}.js", document.baseURI))'
            ".then((part) => part.mount(element, props, server))"
        )
        super().__init__(
            html_template=html,
            css_template="".join((FOLDER / f"{one}.css").read_text() for one in (*shared, name)),
            js_on_load=mount,
            apply_default_css=False,
            server_functions=[*self.functions.values()],
            elem_id=name,
            **props,
        )


def parts_of(page: gr.Blocks, language: str = SOURCE) -> list[Part]:
    parts = (block for block in page.blocks.values() if isinstance(block, Part))
    return [part for part in parts if part.language == language]


def template(name: str) -> Markup:
    """A file of this folder, to be filled in."""
    return Markup((FOLDER / name).read_text())


def in_words(function: Function) -> Function:
    """The same in the language that is spoken now, and with a refusal as a reply."""
    language = speaking.get()

    @functools.wraps(function)
    def reply(asked: Any) -> Mapping[str, Any]:
        with spoken(language):
            try:
                return function(asked)
            except gr.Error as error:
                return {"error": error.message}

    return reply


class Scripts(StaticFiles):
    """The programs of this folder, and nothing else of it. Browsers ask whether theirs are new."""

    def lookup_path(self, path: str) -> tuple[str, stat_result | None]:
        return super().lookup_path(path) if Path(path).suffix in TYPES else ("", None)

    def file_response(self, full_path: str | PathLike[str], *args: Any, **more: Any) -> Response:
        response = super().file_response(full_path, *args, **more)
        response.headers["Content-Type"] = TYPES[Path(full_path).suffix]
        response.headers["Cache-Control"] = "no-cache"
        return response


ROUTE = Mount("/ui", Scripts(directory=FOLDER))
