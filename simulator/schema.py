"""Amazon's Swagger 2 models as JSON schemas: every answer and every request is held against them."""

import json
import os
import re
from functools import lru_cache
from pathlib import Path

from .times import parse

try:
    import jsonschema
except ImportError:  # only checking needs it
    jsonschema = None

DEFAULT_MODELS = Path(__file__).resolve().parents[2] / "shared" / "spapi" / "models"
DOCUMENTED = re.compile(r"`([A-Z][A-Z_]*)`")
# Models of APIs whose real answers have nulls, though the models do not say so.
WITH_NULLS = ("finances_2024-06-19.json",)
# The text above a field's values in Amazon's descriptions. A type that lists none is a free string.
VALUES_FOLLOW = re.compile(r"\*\*Possible values?\*\*:?")


def models_folder():
    """The folder with Amazon's models (environment variable SPAPI_MODELS, or beside the checkout), or None."""
    folder = Path(os.environ.get("SPAPI_MODELS") or DEFAULT_MODELS)
    return folder if (folder / "orders_2026-01-01.json").is_file() else None


@lru_cache
def model(folder, name):
    """A Swagger model as dict, its definitions tightened."""
    with open(Path(folder) / name, encoding="utf-8") as file:
        data = json.load(file)
    several = parts_of_several(data["definitions"])
    for reference, definition in data["definitions"].items():
        tighten(definition, closed=reference not in several)
    return data


def parts_of_several(definitions):
    """The names of definitions of which others consist: what they do not know belongs to another one."""
    parts = [part for definition in definitions.values() for part in definition.get("allOf", [])]
    return {part["$ref"].rsplit("/", 1)[1] for part in parts if "$ref" in part}


def tighten(definition, closed=True):
    """Unknown fields (where ``closed``), values outside the documented ones and impossible times count as violations,
    too."""
    properties = definition.get("properties")
    if properties:
        if closed:
            definition["additionalProperties"] = False
        for value in properties.values():
            tighten(value)
            add_documented_values(value)
    if definition.get("format") == "date-time":
        definition["pattern"] = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"


def add_documented_values(value):
    parts = VALUES_FOLLOW.split(value.get("description", ""), maxsplit=1)
    values = DOCUMENTED.findall(parts[1]) if len(parts) == 2 else []
    target = value["items"] if value.get("type") == "array" else value
    if values and target.get("type") == "string" and "enum" not in target:
        target["enum"] = values


@lru_cache
def validator(folder, name, reference):
    schema = {"$ref": reference, "definitions": model(folder, name)["definitions"]}
    return jsonschema.Draft7Validator(schema)


def violations(folder, name, reference, data):
    """list of str: where ``data`` (JSON) breaks the definition ``reference`` of a model."""
    found = validator(str(folder), name, reference).iter_errors(data)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]


def operation_of(folder, operation):
    return model(str(folder), operation.model)["paths"][operation.template][operation.method.lower()]


def check_answer(folder, operation, status, data):
    """Hold an answer's JSON against the model."""
    response = operation_of(folder, operation)["responses"].get(str(status))
    if response is None:
        return [f"status {status} is not in the model"]
    if "schema" not in response:
        return []
    if operation.model in WITH_NULLS:
        data = without_nulls(data)
    return violations(folder, operation.model, response["schema"]["$ref"], data)


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(entry) for key, entry in value.items() if entry is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value


def check_request(folder, operation, query, body):
    """Hold a request's query (parameter -> str) and JSON body against the model."""
    parameters = operation_of(folder, operation)["parameters"]
    known = {parameter["name"]: parameter for parameter in parameters if parameter.get("in") == "query"}
    found = [f"unknown parameter {name}" for name in query if name not in known]
    found += [
        f"missing parameter {name}"
        for name, parameter in known.items()
        if parameter.get("required") and name not in query
    ]
    for name in query.keys() & known.keys():
        found += check_parameter(known[name], query[name])
    for parameter in parameters:
        if parameter.get("in") == "body":
            found += violations(folder, operation.model, parameter["schema"]["$ref"], body)
    return found


def check_parameter(parameter, text):
    name = parameter["name"]
    if parameter["type"] == "array":
        values = text.split(",")
        allowed = parameter["items"].get("enum")
        found = [f"{name}: {value!r} is not allowed" for value in values if allowed and value not in allowed]
        if len(values) > parameter.get("maxItems", len(values)):
            found.append(f"{name}: more than {parameter['maxItems']} values")
        return found
    try:
        if parameter["type"] == "integer" and not in_bounds(parameter, int(text)):
            return [f"{name}: {text} is out of bounds"]
        if parameter.get("format") == "date-time":
            parse(text)
    except ValueError:
        return [f"{name}: {text!r} is not a {parameter.get('format') or parameter['type']}"]
    allowed = parameter.get("enum")
    return [f"{name}: {text!r} is not allowed"] if allowed and text not in allowed else []


def in_bounds(parameter, number):
    return parameter.get("minimum", number) <= number <= parameter.get("maximum", number)


def check_call(folder, call, answer, fault):
    """All violations of a call; an answer that was spoiled on purpose is not judged."""
    if not call.operation:
        return []
    found = check_request(folder, call.operation, call.query, call.body)
    if not fault and not call.spoiled and answer.body:
        found += check_answer(folder, call.operation, answer.status, json.loads(answer.body))
    return found
