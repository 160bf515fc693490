"""The page in each language: where it is, how one comes to another, and what its scripts say.

A language has an address of its own, so links keep it. At "?lang=en", where the switch leads, the
page is English whatever the browser prefers; without, ui/shell/language.js chooses.
"""

import json
from collections.abc import Mapping
from html import escape

from starlette.responses import Response
from starlette.routing import Route

from resnet.language import LANGUAGES, SOURCE, TAGS, for_scripts, speaking, t

# The same on the served page and in the folder, which any plain host serves.
ADDRESSES = {language: f"{language}.html" for language in LANGUAGES if language != SOURCE}
CHOOSING = (
    f'<script src="ui/shell/language.js" data-others="{escape(json.dumps(ADDRESSES))}"></script>'
)


def switch() -> str:
    """Links to the page in each language, the one that is spoken marked."""
    links = (
        f'<a href="{ADDRESSES.get(language, f"./?lang={language}")}" lang="{TAGS[language]}" '
        f'data-language="{language}"{" aria-current=true" * (language == speaking.get())}>'
        f"{name}</a>"
        for language, name in LANGUAGES.items()
    )
    return (
        f'<nav id="languages" aria-label="{t("Language")}">{"<span> · </span>".join(links)}</nav>'
    )


def attributes() -> Mapping[str, str]:
    """Of the document."""
    language = speaking.get()
    catalogue = "" if language == SOURCE else f'data-catalogue="{address_of(language)}"'
    return {"lang": TAGS[language], "catalogue": catalogue, "choosing": CHOOSING}


def address_of(language: str) -> str:
    return f"language/{language}.json"


def as_file(language: str) -> str:
    return json.dumps(for_scripts(language), ensure_ascii=False)


def routes() -> list[Route]:
    """For the server: the words of the scripts. Browsers ask whether theirs are new."""

    def route(language: str) -> Route:
        made = as_file(language)
        headers = {"Cache-Control": "no-cache"}
        return Route(
            f"/{address_of(language)}",
            lambda _: Response(made, media_type="application/json", headers=headers),
        )

    return [route(language) for language in ADDRESSES]
