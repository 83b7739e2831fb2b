"""The catalogues of messages: brought up to date, or checked, against what the program says.

python tests/language/catalogue.py update    after a sentence was written or translated
python tests/language/catalogue.py check     what `make check` does

Sentences are the first arguments of the functions of `bulkpub.language`; they are literal, or they
could not be found. What stands on the pages of help is taken from these pages.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from string import Formatter
from unittest.mock import patch

import typer
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bulkpub.cli import commands
from bulkpub.cli import help as pages
from bulkpub.cli.app import app
from bulkpub.language import DOMAIN, FOLDER

TREE = Path(__file__).resolve().parents[2]
PACKAGE = TREE / "bulkpub"
FUNCTIONS = {"say": 1, "tr": 1, "say_n": 2, "tr_n": 2}
"""By function: how many of its arguments are templates."""
NOT_SHOWN = ("sandbox",)
"""Rooms whose sentences are a portal's, and stay in the language that portals answer in."""


class NotLiteral(Exception):
    """A template that is no string, and cannot be found before the program runs."""


def templates(source: str) -> Iterator[tuple[str, ...]]:
    """The templates in a source file: one each, or one and many."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        wanted = FUNCTIONS.get(node.func.id, 0)
        given = [a.value for a in node.args[:wanted] if isinstance(a, ast.Constant)]
        found = tuple(text for text in given if isinstance(text, str))
        if len(found) < wanted:
            raise NotLiteral(f"line {node.lineno}: a template of {node.func.id}() is not literal")
        if found:
            yield found


def sources() -> Iterator[Path]:
    """The files in which there may be sentences."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).parts[0] not in {*NOT_SHOWN, "language.py"}:
            yield path


def of_help() -> Iterator[str]:
    """What stands on the pages of help, as they ask for it."""
    asked: dict[str, None] = {}

    def translated(text: str) -> str:
        asked[text] = None
        return text

    root = typer.main.get_command(app)
    places = (pages, commands)
    with ExitStack() as stack:
        for place in places:
            stack.enter_context(patch.object(place, "translated", translated))
        context = root.make_context("bulkpub", [], resilient_parsing=True)
        root.get_help(context)
        for name in commands.COMMANDS:
            command = commands.loaded(name)
            inner = command.make_context(name, [], parent=context, resilient_parsing=True)
            page = command.page(inner, everything=True)  # type: ignore[attr-defined] # a page of ours
            list(pages.page_lines(page, 80))
            list(pages.page_lines(command.page(inner), 80))  # type: ignore[attr-defined] # likewise
    return (text for text in asked if text)


def extracted() -> Catalog:
    """All that is said."""
    catalog = Catalog(domain=DOMAIN, fuzzy=False)
    for text in of_help():
        catalog.add(text, locations=[("help", 0)])
    for path in sources():
        name = path.relative_to(TREE).as_posix()
        try:
            for found in templates(path.read_text("utf-8")):
                said = found if len(found) > 1 else found[0]
                catalog.add(said, locations=[(name, 0)])
        except NotLiteral as wrong:
            raise NotLiteral(f"{name}: {wrong}") from None
    return catalog


def read(path: Path) -> Catalog:
    """The catalogue in a `.po`."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], domain=DOMAIN)


def up_to_date(catalog: Catalog, said: Catalog) -> Catalog:
    """`catalog` with what is said by now and nothing else."""
    catalog.update(said, no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    return catalog


def po(catalog: Catalog) -> bytes:
    """The text of a `.po`, which is the same for the same catalogue."""
    text = BytesIO()
    write_po(text, catalog, width=100, sort_by_file=True, include_lineno=False, omit_header=True)
    language = str(catalog.locale_identifier)
    lines = "".join(f'"{line}\\n"\n' for line in header(language).splitlines())
    note = f"# What bulkpub says, in {language}; see docs/how-to/translate.md.\n"
    return f'{note}msgid ""\nmsgstr ""\n{lines}\n'.encode() + text.getvalue()


PLURALS = {"fr": "nplurals=2; plural=(n > 1)"}
"""As the grammar of a language has it; babel's rule for French has a form for millions."""


def header(language: str) -> str:
    """The header of a catalogue: no moments, no names."""
    return (
        f"Language: {language}\n"
        f"Plural-Forms: {PLURALS[language]};\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n"
    )


class _Made(Catalog):
    """A catalogue whose header is `header`: babel's has the moment in it, and differs each time."""

    def __iter__(self) -> Iterator[Message]:
        yield Message("", header(str(self.locale_identifier)))
        yield from (message for message in super().__iter__() if message.id)


def mo(catalog: Catalog) -> bytes:
    """The `.mo` of a catalogue: what is translated."""
    text, made = BytesIO(), _Made(locale=catalog.locale, domain=DOMAIN, fuzzy=False)
    for message in catalog:
        if message.id and all(strings(message)):
            made.add(message.id, message.string)
    write_mo(text, made)
    return text.getvalue()


def strings(message: Message) -> tuple[str, ...]:
    """What stands for a message: one text, or one for each plural form."""
    given = message.string
    return tuple(given) if isinstance(given, tuple | list) else (given or "",)


def ids(message: Message) -> tuple[str, ...]:
    """What is translated: one text, or one and many."""
    given = message.id
    return tuple(given) if isinstance(given, tuple | list) else (given,)


def places(template: str) -> frozenset[tuple[str, str, str | None]]:
    """The places in a template: the name, the format and the conversion of each."""
    return frozenset(
        (name, form or "", conversion)
        for _, name, form, conversion in Formatter().parse(template)
        if name is not None
    )


def faults(catalog: Catalog) -> Iterator[str]:
    """What is wrong with a translation."""
    for message in catalog:
        if not message.id:
            continue
        said, wanted = ids(message)[0], {places(each) for each in ids(message)}
        if not all(strings(message)):
            yield f"not translated: {said!r}"
        elif message.fuzzy:
            yield f"not sure (fuzzy): {said!r}"
        else:
            for text in strings(message):
                yield from _places_differ(said, text, wanted)


def _places_differ(
    said: str, text: str, wanted: Iterable[frozenset[tuple[str, str, str | None]]]
) -> Iterator[str]:
    try:
        has = places(text)
    except ValueError as wrong:
        yield f"{said!r}: {text!r}: {wrong}"
        return
    if has not in wanted:
        yield f"other places: {said!r}: {text!r}"


def paths() -> list[Path]:
    """The catalogues there are."""
    return sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def update() -> int:
    """Bring all catalogues up to date; says what is left to translate."""
    said, left = extracted(), 0
    for path in paths():
        catalog = up_to_date(read(path), said)
        path.write_bytes(po(catalog))
        path.with_suffix(".mo").write_bytes(mo(catalog))
        for fault in faults(catalog):
            left += 1
            sys.stdout.write(f"{path.parts[-3]}: {fault}\n")
    sys.stdout.write(f"{left} to be seen to.\n")
    return 0


def check() -> int:
    """Say what is missing, stale or wrong; how many such there are."""
    said, found = extracted(), list[str]()
    for path in paths():
        language, written = path.parts[-3], path.read_bytes()
        has = {message.id for message in read(path) if message.id}
        catalog = up_to_date(read(path), said)
        now = {message.id for message in catalog if message.id}
        found += [f"{language}: no longer said: {each!r}" for each in has - now]
        found += [f"{language}: {fault}" for fault in faults(catalog)]
        if not found and written != po(catalog):
            found.append(f"{language}: {path.name} is not as `make messages` writes it")
        made = path.with_suffix(".mo")
        if not found and (not made.exists() or made.read_bytes() != mo(catalog)):
            found.append(f"{language}: {made.name} is not what `make messages` makes")
    for each in found:
        sys.stdout.write(f"{each}\n")
    if found:
        sys.stdout.write("`make messages` brings the catalogues up to date.\n")
    return len(found)


if __name__ == "__main__":
    sys.exit(min({"update": update, "check": check}[sys.argv[1]](), 1))
