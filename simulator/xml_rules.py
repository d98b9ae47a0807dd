"""Rules for the contents of XML elements, in the manner of a schema's sequences: names, order, how often."""

import datetime
import re

from .times import UTC


class Invalid(Exception):
    """The document breaks the rules; the text is a validating parser's."""


def sequence(element, *steps):
    """Hold an element's children against a sequence.

    :param steps: names in their order, each with a suffix for how often: none once, ``?`` at most once, ``*`` any
        number; alternatives are separated by ``|``
    :return: {name: [elements]} of what is there
    """
    if (element.text or "").strip():
        raise Invalid(f"cvc-complex-type.2.3: Element '{element.tag}' cannot have character children.")
    children, found = list(element), {}
    for step in steps:
        names = step.rstrip("?*").split("|")
        most = None if step.endswith("*") else 1
        taken = []
        while children and children[0].tag in names and (most is None or len(taken) < most):
            taken.append(children.pop(0))
        if not taken and step[-1] not in "?*":
            raise unexpected(element, children, names)
        for child in taken:
            found.setdefault(child.tag, []).append(child)
    if children:
        raise unexpected(element, children, [])
    return found


def unexpected(element, children, names):
    expected = f" One of '{{{', '.join(names)}}}' is expected." if names else " No child element is expected here."
    if children:
        return Invalid(
            f"cvc-complex-type.2.4.a: Invalid content was found starting with element '{children[0].tag}'.{expected}"
        )
    return Invalid(f"cvc-complex-type.2.4.b: The content of element '{element.tag}' is not complete.{expected}")


def text(found, name, pattern=r"(?s).+", most=None):
    """The text of the one element of this name, None when it is not there."""
    if name not in found:
        return None
    element = found[name][0]
    value = (element.text or "").strip()
    if len(element):
        raise Invalid(f"cvc-type.3.1.2: Element '{name}' is a simple type, so it must have no element children.")
    if not re.fullmatch(pattern, value) or (most and len(value) > most):
        raise Invalid(f"cvc-datatype-valid.1.2.1: The value '{value}' of element '{name}' is not valid.")
    return value


def date_time(found, name):
    """An xs:dateTime as aware datetime; without a time zone it is UTC."""
    value = text(found, name, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
    try:
        moment = datetime.datetime.fromisoformat(value[:19] + re.sub(r"^\.\d+", "", value[19:]))
    except ValueError:
        raise Invalid(f"cvc-datatype-valid.1.2.1: '{value}' is not a valid value for 'dateTime'.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
