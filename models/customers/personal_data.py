"""Buyers' personal data (M3): which they are, and how what quotes them is cleaned.

When their time is over stands in ``orders/sale_order_privacy.py``, how buyers themselves are removed in
``orders/res_partner.py``.
"""

import re
from collections import defaultdict
from html import escape, unescape
from urllib.parse import unquote

from odoo.tools import html2plaintext

# Of a buyer on an invoice these stay: the invoice prints them.
KEPT_ON_INVOICES = {"name", "street", "street2", "zip", "city", "company_name", "vat"}
# Where people and Odoo may have quoted them: in activities and messages, or in what hangs on messages. Models of which
# a row may do so have an ``_amazon_quotes``: the field by which it hangs on whose buyer it may quote ("id": on itself),
# and the fields in which it may.
QUOTING_THREADS = {
    "mail.activity": ("res_model", ("summary", "note", "feedback", "res_name")),
    "mail.message": (
        "model",
        ("subject", "body", "email_from", "reply_to", "incoming_email_to", "incoming_email_cc", "outgoing_email_to"),
    ),
}
QUOTING_MESSAGES = {
    "mail.tracking.value": ("old_value_char", "new_value_char", "old_value_text", "new_value_text"),
    "mail.mail": ("body_html", "email_to", "email_cc", "headers", "failure_reason"),
    "mail.notification": ("mail_email_address", "failure_reason"),
}
# Of those: what is HTML though Odoo calls it text, and e-mail addresses.
HTML = {"body_html"}
ADDRESSES = {
    "email_from",
    "reply_to",
    "incoming_email_to",
    "incoming_email_cc",
    "outgoing_email_to",
    "email_to",
    "email_cc",
    "headers",
    "mail_email_address",
}
REMOVED = "[…]"

# A word does not end between two of these letters: "Ito" is not in "monitor". Japanese has nothing between words.
LATIN = "[A-Za-zÀ-ɏḀ-ỿ]"
EDGE = f"(?:(?<!{LATIN})|(?!{LATIN}))"
# Each fails at once where it cannot match: bodies are long.
ADDRESS = r"""(?<![^\s<>,;:"'()])[^\s<>,;:"'()@]+@[^\s<>,;:"'()]+"""
TAG = r"""<(?P<block>style|script)\b[^<]*</(?P=block)\s*>|</?[a-z](?:"[^"]*"|'[^']*'|[^"'<>])*>"""
ENTITY = r"&\#?\w+;"
# What a tag may quote: an e-mail address or a map that is linked to, a picture's title.
SAYING = re.compile(r"""(\b(?:href|title|alt)\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


def texts_of(records, without=(), named=()):
    """Return the personal words of records, as they may be quoted elsewhere.

    :param records: of a model that says by ``_amazon_personal`` which of its fields are removed whole.
    :param without: words that say nothing, in lower case.
    :param named: fields in which each line says in front whose it is.
    :rtype: set[str]
    """
    found = set()
    for record in records:
        for name in record._amazon_personal:
            kind = record._fields[name].type
            if kind not in ("char", "text", "html") or not record[name]:
                continue
            text = html2plaintext(record[name]) if kind == "html" else record[name]
            for line in text.splitlines():
                found.add(line)
                if name in ("name", "signed_by"):
                    found.update(line.split())
                elif name in named:
                    found.discard(line)
                    found.add(line.partition(": ")[2] or line)
    words = {word.strip() for word in found}
    return {word for word in words if _is_telling(word) and word.lower() not in without}


def _is_telling(word):
    """Tell whether a word can be looked for: "3" would be found everywhere."""
    return len(word) > 3 or (len(word) > 1 and any(char.isalpha() for char in word))


def remove_quotations(env, quoted):
    """Remove personal words from all that people and Odoo wrote on records.

    :param env: an environment that may write everything.
    :param dict quoted: by record, the words to remove.
    """
    cleaners = {record: Cleaner(words) for record, words in quoted.items() if words}
    ids = defaultdict(list)
    for record in cleaners:
        ids[record._name].append(record.id)
    for model in env.values():
        link, names = getattr(model, "_amazon_quotes", (None, ()))
        itself = link == "id"
        target = model._name if itself else link and model._fields[link].comodel_name
        if ids.get(target):
            for row in model.search([(link, "in", ids[target])]):
                # What is on several orders goes with each of them.
                for record in row if itself else row[link]:
                    if record in cleaners:
                        _clean(row, names, cleaners[record])
    for target, target_ids in ids.items():
        for model, (link, names) in QUOTING_THREADS.items():
            rows = (
                env[model]
                .with_context(active_test=False)
                .search(
                    [
                        (link, "=", target),
                        ("res_id", "in", target_ids),
                    ]
                )
            )
            by_row = {row: cleaners[env[target].browse(row.res_id)] for row in rows}
            for row, cleaner in by_row.items():
                _clean(row, names, cleaner)
            if model == "mail.message":
                _clean_messages(env, by_row)


def _clean_messages(env, cleaners):
    for model, names in QUOTING_MESSAGES.items():
        for row in env[model].search([("mail_message_id", "in", [message.id for message in cleaners])]):
            _clean(row, names, cleaners[row.mail_message_id])


def _clean(record, names, cleaner):
    changed = {}
    for name in names:
        text = str(record[name] or "")
        if name in ADDRESSES:
            new = cleaner.addresses(text)
        elif name in HTML or record._fields[name].type == "html":
            new = cleaner.html(text)
        else:
            new = cleaner.text(text)
        if new != text:
            changed[name] = new
    if changed:
        record.write(changed)


class Cleaner:
    """Removes words from what was written, and leaves everything else exactly as it is."""

    def __init__(self, words):
        spelled = {form for word in words for form in (word, escape(word), escape(word, quote=False))}
        words = self._any_of(spelled)
        # In HTML "<" begins a tag; a bare "&" is written by many.
        words_in_html = self._any_of({word for word in spelled if "<" not in word})
        self._words = re.compile(words, re.IGNORECASE)
        self._in_addresses = re.compile(f"(?P<address>{ADDRESS})|{words}", re.IGNORECASE)
        self._in_html = re.compile(f"(?P<tag>{TAG})|(?P<word>{words_in_html})|{ENTITY}", re.IGNORECASE | re.DOTALL)

    def text(self, text):
        return self._words.sub(REMOVED, text)

    def addresses(self, text):
        """Remove words from names, but addresses only whole: part of one leads nowhere, or to somebody else."""
        return self._in_addresses.sub(
            lambda found: found[0] if found["address"] and not self._words.fullmatch(found[0]) else REMOVED, text
        )

    def html(self, text):
        """Remove words from what is read; tags stay as they are, but for what they link to or show."""
        return self._in_html.sub(self._html_part, text)

    def _html_part(self, found):
        if found["word"]:
            return REMOVED
        return SAYING.sub(self._attribute, found[0])

    def _attribute(self, found):
        said = unquote(unescape(found[2] or found[3] or ""))
        new = self.text(said)
        return found[0] if new == said else f'{found[1]}"{escape(new)}"'

    @staticmethod
    def _any_of(words):
        """Return an expression for each of the words; the longest first, as one may contain another."""
        words = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
        return f"{EDGE}(?:{words}){EDGE}"
