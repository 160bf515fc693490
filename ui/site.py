"""The page as a folder that any plain web host can serve: no server, and so no Gradio, needed.

Its parts are those of the page, with the same templates, style sheets and scripts. Drawings are
read by the worker; what else a part would ask a server is asked while the folder is built, and the
replies lie in it. All addresses in it are relative, so it works at a host's root and below a path.
"""

import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image, ImageDraw

from resnet.language import LANGUAGES, SOURCE, spoken, t
from ui import languages
from ui.deeper import Deeper
from ui.document import PICTURE, PREVIEW, media_sheets
from ui.pad import Sketchpad
from ui.part import FOLDER, PRELOAD, Part, parts_of, template

SHELL = FOLDER / "shell"
SERVICE_WORKER = "service_worker.js"
PROGRAMS = (
    "*.js",
    "worker/*.js",
    "shell/page.js",
    "shell/dark.js",
    "shell/language.js",
    "vendor/tfjs.*",
    "vendor/qr.js",
    "vendor/LICENSE",
)
PAPER, ACCENT = "#fafaf9", "#4f46e5"


def write(page: gr.Blocks, folder: Path, title: str, description: str, css: Path) -> None:
    """Builds the folder, which must be empty or an older one of these."""
    if folder.exists() and any(folder.iterdir()) and not (folder / SERVICE_WORKER).exists():
        raise FileExistsError(f"{folder} holds something else: name an empty folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    parts = parts_of(page)
    for part in parts:
        if isinstance(part, Sketchpad | Deeper):
            part.for_worker.write(folder / part.for_worker.folder)
    for path in (path for pattern in PROGRAMS for path in FOLDER.glob(pattern)):
        if not path.name.endswith(".d.ts"):
            copied = folder / "ui" / path.relative_to(FOLDER)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copied)
    sheets = [(SHELL / "page.css").read_text(), css.read_text()]
    sheets += [f"#{part.elem_id} {{\n{part.css_template}}}\n" for part in parts]
    sheets.append(media_sheets())
    (folder / "page.css").write_text("".join(sheets))
    for language in LANGUAGES:
        with spoken(language):
            address = languages.ADDRESSES.get(language, "index.html")
            (folder / address).write_text(document(page, folder, title, description, language))
        if language != SOURCE:
            catalogue = folder / languages.address_of(language)
            catalogue.parent.mkdir(exist_ok=True)
            catalogue.write_text(languages.as_file(language))
    shutil.copyfile(PICTURE, folder / PREVIEW)
    shutil.copyfile(SHELL / "space.md", folder / "README.md")
    install(folder, title)
    keep(folder)


# --- the document --------------------------------------------------------------------------------


def document(page: gr.Blocks, folder: Path, title: str, description: str, language: str) -> str:
    address = languages.ADDRESSES.get(language, "")
    return template("shell/page.html").substitute(
        languages.attributes(),
        title=escape(t(title)),
        description=escape(t(description)),
        preview=PREVIEW,
        scripts=PRELOAD,
        content="\n".join(rendered(block) for block in page.children if block.page == address),
        # In a script's element, text ends at the first "</".
        parts=json.dumps([told(part, folder) for part in parts_of(page, language)]).replace(
            "<", "\\u003c"
        ),
    )


def rendered(block: Any) -> str:
    """A block of the page as HTML; what the page does not show, such as endpoints, is nothing."""
    match block:
        case Part():
            return f'<div id="{block.elem_id}">{block.html_template}</div>'
        case gr.Tabs():
            tabs = [
                (tab.elem_id or slug(tab.label), tab)
                for tab in block.children
                if isinstance(tab, gr.Tab)
            ]
            buttons = "".join(
                button(name, tab.label, not at) for at, (name, tab) in enumerate(tabs)
            )
            panels = "".join(panel(name, tab, not at) for at, (name, tab) in enumerate(tabs))
            return f'<div id="tabs"><div role="tablist">{buttons}</div>\n{panels}</div>'
        case gr.Row():
            return f'<div id="{block.elem_id}">{inside(block)}</div>'
    return ""


def inside(block: Any) -> str:
    return "".join(map(rendered, block.children))


def button(name: str, label: Any, is_open: bool) -> str:
    return (
        f'<button type="button" role="tab" id="{name}-button" aria-controls="{name}" '
        f'aria-selected="{str(is_open).lower()}" tabindex="{0 if is_open else -1}">'
        f"{escape(str(label))}</button>"
    )


def panel(name: str, tab: Any, is_open: bool) -> str:
    return (
        f'<div role="tabpanel" id="{name}" aria-labelledby="{name}-button"'
        f"{'' if is_open else ' hidden'}>{inside(tab)}</div>\n"
    )


def slug(label: Any) -> str:
    """An id that no part has."""
    return "tab-" + re.sub(r"\W+", "-", str(label).lower())


# --- what the parts would ask --------------------------------------------------------------------


def told(part: Part, folder: Path) -> dict[str, Any]:
    """The data of a part for shell/page.js; the stored replies are written to files."""
    functions = {}
    replies = f"replies/{part.language}"
    for name, ahead in part.ahead.items():
        questions = []
        for asked in ahead.questions:
            questions.append(re.sub(r"[^\w.]+", "-", json.dumps(asked)))  # as shell/page.js does
            path = folder / replies / str(part.elem_id) / f"{name}.{questions[-1]}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(part.functions[name](asked)))
        functions[name] = {"questions": questions, "otherwise": ahead.otherwise}
    return {
        "name": part.elem_id,
        "props": part.props,
        "functions": functions,
        "replies": f"{replies}/{part.elem_id}",
    }


# --- an app that works offline -------------------------------------------------------------------


def install(folder: Path, title: str) -> None:
    """Write icons and a manifest, so that a phone can install the page as an app."""
    icons = []
    for side in (192, 512):
        name, size = f"icon-{side}.png", f"{side}x{side}"
        (folder / name).write_bytes(icon(side))
        icons.append({"src": name, "sizes": size, "type": "image/png", "purpose": "any maskable"})
    manifest = {
        "name": title,
        "short_name": "Shortcuts",
        "start_url": "./",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": icons,
    }
    (folder / "manifest.webmanifest").write_text(json.dumps(manifest, indent=1))


def icon(side: int) -> bytes:
    """The sign of the net with shortcuts: a unit on a wire, and the arc over it. PNG."""
    fine = 4 * side  # then made smaller, for smooth edges
    image = Image.new("RGB", (fine, fine), PAPER)
    pen, line = ImageDraw.Draw(image), fine // 26

    def at(*shares: float) -> list[float]:
        return [fine * share for share in shares]

    pen.line(at(0.2, 0.62, 0.8, 0.62), ACCENT, line)
    pen.arc(at(0.27, 0.29, 0.73, 0.95), 180, 360, ACCENT, line)
    pen.rounded_rectangle(at(0.36, 0.51, 0.64, 0.73), fine // 30, PAPER, ACCENT, line)
    file = io.BytesIO()
    image.resize((side, side), Image.Resampling.LANCZOS).save(file, "PNG")
    return file.getvalue()


def keep(folder: Path) -> None:
    """The service worker, with every file that it is to keep. Another build is another version."""
    paths = [*listed(folder)]
    version = hashlib.sha256()
    for path in paths:
        version.update(f"{path}\n".encode() + (folder / path).read_bytes())
    program = (SHELL / SERVICE_WORKER).read_text()
    filled = {
        'VERSION = ""': f'VERSION = "{version.hexdigest()[:16]}"',
        "@type {string[]} */ ([])": f"@type {{string[]}} */ ({json.dumps(['./', *paths])})",
    }
    for place, text in filled.items():
        assert place in program
        program = program.replace(place, text)
    (folder / SERVICE_WORKER).write_text(program)


def listed(folder: Path) -> Iterator[str]:
    """What a page asks for: a preview and a word to the host are for others."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in (PREVIEW, "README.md", "LICENSE", SERVICE_WORKER):
            yield path.relative_to(folder).as_posix()
