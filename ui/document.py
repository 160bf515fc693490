"""The page's document: Gradio's, with a title, description, picture and loading screen of our own.

Gradio 6 has no setting for them, and those who follow a link to the page meet them first. So its
template is taken once, at the start, and what stands in the way is exchanged; a test sees that
nothing of Gradio's is left.
"""

import re
from html import escape
from pathlib import Path
from string import Template

from gradio.routes import templates
from jinja2 import ChoiceLoader, DictLoader
from starlette.responses import FileResponse
from starlette.routing import Route

from ui.part import PRELOAD

HERE = Path(__file__).parent
# Style sheets of the whole page for some of its visitors, by what they come with. Each names a part
# by its id, below html: that goes before what the part's own sheet says.
MEDIA = {
    "touch": "(pointer: coarse)",
    "forced_colors": "(forced-colors: active)",
    "print": "print",
}
NAME = "frontend/index.html"  # of Gradio's template
GRADIOS = templates.env.loader  # the first, whatever was introduced since
PICTURE = HERE.parent / "docs" / "page.png"
PREVIEW = "preview.png"  # its address


def media_sheets() -> str:
    """The style sheets of MEDIA as one. On paper, dark pages have the colours of light ones."""
    colours = re.search(r":root \{(.*?)\}", (HERE / "page.css").read_text(), re.DOTALL)
    assert colours is not None
    return "".join(
        f"@media {query} {{\n{(HERE / f'{name}.css').read_text()}}}\n"
        for name, query in MEDIA.items()
    ).replace("/* the colours of light pages */", colours[1].strip().replace(";", " !important;"))


def introduce(title: str, description: str) -> None:
    """Serve the page with these words from now on, in this process."""
    assert GRADIOS is not None
    source, _, _ = GRADIOS.get_source(templates.env, NAME)
    source = re.sub(r'\s*<meta\s+(property="og|name="twitter):[^>]*?/>', "", source)
    words = {
        "title": escape(title),
        "description": escape(description),
        "preview": PREVIEW,
        "scripts": PRELOAD,
        "media": media_sheets(),
    }
    head, loading = (
        Template((HERE / name).read_text()).substitute(words)
        for name in ("document_head.html", "document_loading.html")
    )
    source = source.replace('<meta charset="utf-8" />', f'<meta charset="utf-8" />{head}', 1)
    source = source.replace("<gradio-app", f"{loading}<gradio-app", 1)
    templates.env.loader = ChoiceLoader([DictLoader({NAME: source}), GRADIOS])


def routes() -> list[Route]:
    """For the server: the picture that a preview of the page shows."""
    return [Route(f"/{PREVIEW}", lambda _: FileResponse(PICTURE))]
