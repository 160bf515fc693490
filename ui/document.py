"""The page's document: Gradio's, with a title, description, picture and loading screen of our own,
in the page's languages.

Gradio 6 has no setting for them, and those who follow a link to the page meet them first. So its
template is taken once, at the start, and what stands in the way is exchanged; a test sees that
nothing of Gradio's is left.
"""

import re
from html import escape
from pathlib import Path

from gradio.routes import templates
from jinja2 import ChoiceLoader, DictLoader
from starlette.responses import FileResponse
from starlette.routing import Route

from resnet.language import spoken, t
from ui.headers import NONCE
from ui.languages import ADDRESSES, attributes
from ui.part import PRELOAD, template

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
    """Serve the page with these words from now on, in this process, in every language."""
    assert GRADIOS is not None
    source, _, _ = GRADIOS.get_source(templates.env, NAME)
    made = introduced(source, title, description)
    for language, address in ADDRESSES.items():
        with spoken(language):
            other = introduced(source, title, description)
        is_there = f"config['current_page'] == '{address}'"
        made = f"{{% if {is_there} %}}{other}{{% else %}}{made}{{% endif %}}"
    templates.env.loader = ChoiceLoader([DictLoader({NAME: made}), GRADIOS])


def introduced(source: str, title: str, description: str) -> str:
    """Gradio's template, in the language that is spoken."""
    source = re.sub(r'\s*<meta\s+(property="og|name="twitter):[^>]*?/>', "", source)
    words = {
        "title": escape(t(title)),
        "description": escape(t(description)),
        "preview": PREVIEW,
        "scripts": PRELOAD,
        "media": media_sheets(),
        **attributes(),
    }
    head, loading = (
        template(name).substitute(words) for name in ("document_head.html", "document_loading.html")
    )
    source = source.replace('<meta charset="utf-8" />', f'<meta charset="utf-8" />{head}', 1)
    source = source.replace("<gradio-app", f"{loading}<gradio-app", 1)
    source = re.sub(
        r'<html\s+lang="\w+"', f'<html lang="{words["lang"]}" {words["catalogue"]}', source
    )
    source = source.replace("<script", f"<script{NONCE}")
    # Gradio's scripts name the document anew, and would list the languages above the page.
    ours = f"title={words['title']!r}, pages=config['pages'][:1]"
    return f"{{% set config = dict(config, {ours}) %}}{source}"


def routes() -> list[Route]:
    """For the server: the picture that a preview of the page shows."""
    return [Route(f"/{PREVIEW}", lambda _: FileResponse(PICTURE))]
