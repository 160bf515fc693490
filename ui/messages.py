"""Collects the page's messages into the catalogues of locale/: python -m ui.messages.

They stand in the Python of resnet/ and ui/, in the scripts, and in the templates. Afterwards
`msgstr ""` marks what has to be translated; what is said no more is gone.
"""

import ast
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from resnet.language import FOLDER, LANGUAGES, SOURCE, TAGS
from ui import markup

ROOT = FOLDER.parent
SAYS = ("t", "N_", "tn", "Markup")
HEAD = """\
# English and {name}. After a change of the English: python -m ui.messages
msgid ""
msgstr ""
"Language: {tag}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
STRING = r'"(?:[^"\\]|\\.)*"'
TEXT = rf"{STRING}(?:\s*\+\s*{STRING})*"
# What the worker sends is a sentence in an error or a constant; the page says it by t().
SENT = r"\w+Error\(|const [A-Z_]+ =|error:"
IN_SCRIPT = re.compile(rf"\bt\(\s*({TEXT})|\btn\(\s*({TEXT}),\s*({TEXT})|(?:{SENT})\s*({STRING})")

Found = Iterator[tuple[int, str | tuple[str, str]]]  # line, message or one and many


def in_python(path: Path) -> Found:
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call) or getattr(call.func, "id", "") not in SAYS:
            continue
        texts = [str(one.value) for one in call.args if isinstance(one, ast.Constant) and one.value]
        match getattr(call.func, "id", ""), texts:
            case "Markup", [html]:
                yield from ((call.lineno, one) for one in markup.messages(html))
            case "tn", [one, many, *_]:
                yield call.lineno, (one, many)
            case _, [message, *_]:
                yield call.lineno, message


def in_script(path: Path) -> Found:
    text = path.read_text()
    for call in IN_SCRIPT.finditer(text):
        said, one, many, sent = (
            group and "".join(map(json.loads, re.findall(STRING, group))) for group in call.groups()
        )
        line = text[: call.start()].count("\n") + 1
        if one or said:
            yield line, said or (one, many)
        elif sent.endswith("."):
            yield line, sent


def in_template(path: Path) -> Found:
    for start, end in sorted(markup.places(text := path.read_text())):
        yield text[:start].count("\n") + 1, markup.message(text[start:end])


KINDS = {
    "resnet/**/*.py": in_python,
    "ui/*.py": in_python,
    "app.py": in_python,
    "ui/*.html": in_template,
    "ui/shell/*.html": in_template,
    "ui/*.js": in_script,
    "ui/worker/*.js": in_script,
    "ui/shell/*.js": in_script,
}


def collected() -> Catalog:
    """Every message of the project, with where it is said."""
    catalog = Catalog(project="With and without shortcuts", charset="utf-8")
    for pattern, found_in in KINDS.items():
        for path in sorted(ROOT.glob(pattern)):
            for _, message in found_in(path):
                # Without lines: they change with every line above.
                catalog.add(message, locations=[(str(path.relative_to(ROOT)), 0)])
    return catalog


def stored(language: str) -> Catalog:
    path = FOLDER / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def main() -> None:
    template = collected()
    for language in LANGUAGES.keys() - {SOURCE}:
        catalog = stored(language)
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        file = io.BytesIO()
        write_po(file, catalog, width=100, include_lineno=False, omit_header=True)
        head = HEAD.format(name=LANGUAGES[language], tag=TAGS[language])
        (FOLDER / f"{language}.po").write_bytes(head.encode() + file.getvalue())
        missing = sum(not all(one.string or [""]) for one in catalog if one.id)
        print(f"{language}: {len(catalog)} messages, {missing} to be translated")


if __name__ == "__main__":
    main()
