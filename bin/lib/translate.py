"""``bin/translate``: bring ``i18n/`` up to date with the addon's texts.

bin/translate            export the texts, carry them over into each language, name what lacks a translation
bin/translate --check    change nothing; non-zero when texts or translations are out of date, missing or wrong
"""

import ast
import io
import os
import re
import sys
import warnings
from collections import Counter
from pathlib import Path

import polib

# What Odoo's export finds below the addon's folder without its being a part of the addon.
NOT_ADDON = re.compile(r"code:addons/\w+/(simulator|bin|tests|benchmarks|static/tests)/")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+#0]*\d*(?:\.\d+)?[diouxefgcrs%]|\{\w*\}")
TAG = re.compile(r"</?[A-Za-z][^>]*>")
# Attributes whose value is shown to a person.
SHOWN = re.compile(r'\b(title|alt|placeholder|string|aria-label|data-tooltip)="[^"]*"')
HEADER = {
    "Project-Id-Version": "Odoo Server 19.0",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}
PLURALS = {"ja": "nplurals=1; plural=0;"}


def problems(template, translation):
    """Return what is wrong with a translation, in words, one a text.

    :param template: the ``POFile`` of all texts.
    :param translation: the ``POFile`` of one language.
    :rtype: list[str]
    """
    wrong = [f"twice: {text!r}" for text, count in Counter(e.msgid for e in translation).items() if count > 1]
    known = {entry.msgid: entry for entry in translation if not entry.obsolete}
    for entry in template:
        translated = known.pop(entry.msgid, None)
        if translated is None or not translated.msgstr:
            wrong.append(f"not translated: {entry.msgid!r}")
        elif translated.fuzzy:
            wrong.append(f"fuzzy: {entry.msgid!r}")
        elif _fixed(entry.msgid) != _fixed(translated.msgstr):
            wrong.append(f"other placeholders or tags: {entry.msgid!r} → {translated.msgstr!r}")
        elif sorted(translated.occurrences) != sorted(entry.occurrences):
            wrong.append(f"other places: {entry.msgid!r}")
    return wrong + [f"not a text of the addon (any more): {text!r}" for text in known]


def _fixed(text):
    """Return, counted, what a translation must take over as it is."""
    tags = [SHOWN.sub(r"\1", tag) for tag in TAG.findall(text)]
    return Counter(PLACEHOLDER.findall(TAG.sub("", text)) + tags)


def export():
    """Return the addon's texts as they stand now, as a ``POFile``."""
    # Odoo and its database only here: the addon's tests use this file, too.
    import database  # noqa: PLC0415
    from odoo.tools.translate import trans_export  # noqa: PLC0415

    name = database.template()
    database.configure()
    with database.environment(name) as env:
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            # Odoo reads JavaScript with what newer Babel calls deprecated, and would show a stack for each file.
            warnings.filterwarnings("ignore", "`babel.messages.jslexer", DeprecationWarning)
            trans_export(None, [database.ADDON], buffer, "po", env)
    template = _file()
    for entry in polib.pofile(buffer.getvalue().decode()):
        entry.occurrences = [place for place in entry.occurrences if not NOT_ADDON.match(place[0])]
        if entry.occurrences:
            template.append(entry)
    _add_module(template)
    return template


def _add_module(template):
    """Add the addon's own name and summary, which Odoo exports with ``base`` only and loads from here, too."""
    manifest = ast.literal_eval(Path(os.environ["CHECKOUT"], "__manifest__.py").read_text())
    for key, field in (("name", "shortdesc"), ("summary", "summary")):
        entry = template.find(manifest[key])
        if not entry:
            entry = polib.POEntry(msgid=manifest[key], comment="module: sale_amazon_spapi")
            template.append(entry)
        entry.occurrences.append((f"model:ir.module.module,{field}:base.module_sale_amazon_spapi", ""))


def _file(language=None):
    """Return an empty ``POFile`` whose header never changes by itself."""
    file = polib.POFile(wrapwidth=78)
    file.header = "Translation of the Odoo addon sale_amazon_spapi."
    file.metadata = dict(HEADER)
    if language:
        file.metadata |= {"Language": language, "Plural-Forms": PLURALS.get(language, "")}
    return file


def carry_over(template, old, language):
    """Return the translation of `template` with what `old` has; new texts are empty, old ones are gone."""
    known = {entry.msgid: entry for entry in old if not entry.obsolete}
    new = _file(language)
    for entry in template:
        before = known.get(entry.msgid)
        new.append(
            polib.POEntry(
                msgid=entry.msgid,
                msgstr=before.msgstr if before else "",
                comment=entry.comment,
                occurrences=entry.occurrences,
                flags=before.flags if before else [],
                tcomment=before.tcomment if before else "",
            )
        )
    return new


def main():
    """Write the files, or compare them with what would be written; print what needs a person."""
    if set(sys.argv[1:]) - {"--check"}:
        print(__doc__)
        return 0
    check = "--check" in sys.argv[1:]
    folder = Path(os.environ["CHECKOUT"]) / "i18n"
    folder.mkdir(exist_ok=True)
    template = export()
    path = folder / "sale_amazon_spapi.pot"
    stale = not path.exists() or path.read_text() != f"{template}\n"
    if not check:
        path.write_text(f"{template}\n")
    wrong = [f"{path.name}: out of date, run bin/translate"] if check and stale else []
    for language in sorted({*PLURALS, *(found.stem for found in folder.glob("*.po"))}):
        path = folder / f"{language}.po"
        translation = polib.pofile(str(path)) if path.exists() else _file(language)
        if not check:
            translation = carry_over(template, translation, language)
            path.write_text(f"{translation}\n")
        wrong += [f"{path.name}: {problem}" for problem in problems(template, translation)]
    print("\n".join(wrong) or f"{len(template)} texts, all of them translated")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
