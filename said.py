"""What the addon has to say and keeps: stored as it is in the code, shown in the language of whoever reads it."""

import json
from datetime import datetime

from odoo import fields
from odoo.tools.misc import format_datetime
from odoo.tools.translate import LazyGettext, get_translation

_MODULE = __package__.rsplit(".", 1)[-1]
_KEY = "said"


class Said(fields.Text):
    """A text that may be written as ``_lt(…)``, or as a list of such and of plain texts, one a line. Its arguments
    may be such texts themselves, and moments, which are shown in the reader's time zone."""

    def convert_to_cache(self, value, record, validate=True):
        if isinstance(value, LazyGettext | list | tuple):
            value = json.dumps({_KEY: pack(value)}, ensure_ascii=False)
        return super().convert_to_cache(value, record, validate)

    def convert_to_record(self, value, record):
        return say(record.env, unpack(value)) if value else False


def pack(value):
    """Make of what is to be said what JSON can hold.

    :param value: ``_lt(…)``, a text, a moment (UTC, naive), or a list of them.
    """
    if isinstance(value, LazyGettext):
        arguments = value._args
        if isinstance(arguments, dict):
            return {"source": value._source, "by_name": {name: pack(entry) for name, entry in arguments.items()}}
        return {"source": value._source, "in_turn": [pack(entry) for entry in arguments]}
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, list | tuple):
        return [pack(entry) for entry in value]
    return value if isinstance(value, dict | int | float) else str(value)


def unpack(text):
    """Return what :class:`Said` has stored, for :func:`say` and :func:`pack`.

    :param str text: the column; a text that was written as it is stays one.
    """
    if text.startswith(f'{{"{_KEY}":'):
        try:
            return json.loads(text)[_KEY]
        except ValueError:
            return text
    return text


def with_line(record, name, line):
    """Return what a :class:`Said` field of a record holds with one more line, to be written to it.

    :param str name: the field's.
    :param line: as for :func:`pack`.
    :rtype: list
    """
    if not record[name]:
        return [line]
    value = kept(record, name)
    return [*(value if isinstance(value, list) else [value]), line]


def plain(text):
    """Make of what a person has written what a :class:`Said` field keeps as it is, whatever it looks like."""
    return [text] if text.startswith(f'{{"{_KEY}":') else text


def kept(record, name):
    """Return what a :class:`Said` field of a record holds, for :func:`say` and :func:`pack`; ``""``: nothing.

    :param str name: the field's.
    """
    return unpack(record._fields[name]._get_cache(record.env)[record.id]) if record[name] else ""


def say(env, value):
    """Say it in the language and the time zone of `env`.

    :param value: as for :func:`pack`, or what that returned.
    :rtype: str
    """
    value = pack(value)
    if isinstance(value, list):
        return "\n".join(filter(None, (say(env, entry) for entry in value)))
    if not isinstance(value, dict):
        return str(value)
    if "moment" in value:
        return _moment(env, datetime.fromisoformat(value["moment"]))
    if "by_name" in value:
        arguments = {name: _argument(env, entry) for name, entry in value["by_name"].items()}
    else:
        arguments = tuple(_argument(env, entry) for entry in value["in_turn"])
    return get_translation(_MODULE, env.lang or "en_US", value["source"], arguments)


def _argument(env, value):
    return value if isinstance(value, int | float) else say(env, value)


def _moment(env, moment):
    """Say when something is due where the reader is: with the day when it is not today."""
    day, today = (
        fields.Datetime.context_timestamp(env.user.with_env(env), time).date()
        for time in (moment, fields.Datetime.now())
    )
    return format_datetime(env, moment, tz=str(env.tz), dt_format="HH:mm:ss" if day == today else "medium")
