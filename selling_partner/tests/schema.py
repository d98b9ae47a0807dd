"""Amazon's own schema, when it is at hand: to check samples with, and to make orders from."""

import json
import os
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import strategies as st

_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "spapi" / "models"
_CURRENCIES = st.sampled_from(["JPY"] * 9 + ["USD"])


def model(name="orders_2026-01-01.json"):
    """Read a model, or skip the test; where tests decide about a release it must be there."""
    path = _FOLDER / name
    if not path.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not here")
    return json.loads(path.read_text())


def validator(definition, definitions):
    from jsonschema import Draft4Validator

    return Draft4Validator({"$ref": f"#/definitions/{definition}", "definitions": definitions})


_TEXTS = st.text(min_size=1, max_size=8).filter(lambda text: text.strip("\0"))
# What names something is refused when it cannot be written.
_NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
_NAMING = re.compile("(Id|Sku|Token|Codes|currencyCode|trackingNumber|Email|asin|feedType)$")
_MADE_FOR = {
    "integer": st.integers(0, 10**6),
    "number": st.floats(0, 1e6, allow_nan=False),
    "boolean": st.booleans(),
    "date-time": st.integers(0, 10**12).map(lambda ms: datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat()),
    "Decimal": st.decimals(-(10**9), 10**9, places=2).map(str) | st.integers(-(10**9), 10**9).map(str),
}


class Instances:
    """Strategies for what a schema allows, unknown enumeration values and fields included.

    :param definitions: a model's definitions, without recursion.
    """

    def __init__(self, definitions):
        self._definitions = definitions
        self._named = {"Decimal": _MADE_FOR["Decimal"]}

    def named(self, name):
        if name not in self._named:
            self._named[name] = self._of(self._definitions[name])
        return self._named[name]

    def _of(self, schema):
        if "$ref" in schema:
            return self.named(schema["$ref"].rsplit("/", 1)[1])
        if schema["type"] == "object":
            return self._object(schema)
        if schema["type"] == "array":
            return st.lists(self._of(schema["items"]), max_size=2)
        if "enum" in schema:
            return st.sampled_from([*schema["enum"], "SOMETHING_NEW"])
        if "three-letter currency code" in schema.get("description", ""):
            return _CURRENCIES
        return _MADE_FOR.get(schema.get("format"), _MADE_FOR.get(schema["type"], _TEXTS))

    def _named_or(self, field, schema):
        kind = self._definitions[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
        made = {"string": _NAMES, "array": st.lists(_NAMES, max_size=2)}
        return made[kind["type"]] if _NAMING.search(field) and kind["type"] in made else self._of(schema)

    def _object(self, schema):
        required = schema.get("required", ())
        fields = {
            field: self._named_or(field, definition) for field, definition in schema.get("properties", {}).items()
        }
        fields["somethingNew"] = st.just({"a": [1, None]})
        optional = {field: st.none() | strategy for field, strategy in fields.items() if field not in required}
        return st.fixed_dictionaries({**fields, **optional}).map(_without_none)


def _without_none(fields):
    return {field: value for field, value in fields.items() if value is not None}
