"""A lint over the rooms of ``models/``: each calls only those below it, so that no circle of rooms can close.

Imports alone do not show it: ``self.env[…]`` and methods on records hide every arrow. So it is looked at who defines
what: a method, a field or a model that only rooms above define may not be named.
"""

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

MODELS = Path(__file__).resolve().parents[2] / "models"
# Which rooms each may call.
BELOW = {
    "engine": (),
    "customers": ("engine",),
    "orders": ("customers", "engine"),
    "speed": ("orders", "customers", "engine"),
    "confirmations": ("orders", "customers", "engine"),
    "cancelling": ("confirmations", "orders", "customers", "engine"),
    "packing": ("confirmations", "orders", "customers", "engine"),
    "inventory": ("orders", "customers", "engine"),
    "finance": ("orders", "customers", "engine"),
    "vendor": ("confirmations", "inventory", "orders", "customers", "engine"),
}
# Fields of ours whose names Amazon's values have as well.
AMAZONS = {"tracking_number"}
# What of Odoo's a room knows nothing of.
UNKNOWN = {
    "engine": ("sale.order", "stock.", "product.", "delivery.", "account.tax", "account.move"),
    "customers": ("sale.order", "stock.", "product.", "delivery."),
}
PATH = re.compile(r"[a-z_]\w*(\.\w+)*")


class Room:
    """What the files of one room define and name."""

    def __init__(self, name):
        self.name = name
        self.trees = {path: ast.parse(path.read_text()) for path in sorted((MODELS / name).glob("*.py"))}
        self.defined = set()
        # What is Odoo's or a lower room's, of which more is made here.
        self.extended = set()
        for tree in self.trees.values():
            for model in ast.walk(tree):
                if isinstance(model, ast.ClassDef):
                    self._define(model)

    def _define(self, model):
        ours = _is_ours(model)
        for statement in model.body:
            if isinstance(statement, ast.FunctionDef) and statement.name.startswith(("_", "action_")):
                into = self.extended if _extends(statement) else self.defined
                into.add(statement.name)
            elif isinstance(statement, ast.Assign):
                names, value = [target.id for target in statement.targets], statement.value
                if names == ["_name"] and value.value.startswith("amazon."):
                    self.defined.add(value.value)
                elif isinstance(value, ast.Call) and "selection_add" not in {word.arg for word in value.keywords}:
                    self.defined.update(
                        name for name in names if name.startswith("amazon_") or (ours and _is_telling(name))
                    )

    def names(self):
        """Return (path, line, name) of everything the files name that somebody might define."""
        for path, tree in self.trees.items():
            said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute):
                    yield path, node.lineno, node.attr
                elif isinstance(node, ast.keyword) and node.arg:
                    yield path, node.value.lineno, node.arg
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                    yield from ((path, node.lineno, name) for name in _names_in(node.value))
                elif isinstance(node, ast.Import | ast.ImportFrom):
                    yield from ((path, node.lineno, f"room {name}") for name in _imported(node))


def _names_in(text):
    """Return what a text may name: a model, a path of fields, tables in SQL."""
    if PATH.fullmatch(text):
        # Of one word alone nobody knows whether it names anything.
        return [text, *(name for name in text.split(".") if "_" in name)]
    return [name for word in re.findall(r"\w+", text) if "_" in word for name in (word, word.replace("_", "."))]


def _imported(node):
    """Return the modules and names of an import out of ``models/``, one by one."""
    modules = [getattr(node, "module", None), *(alias.name for alias in node.names)]
    names = [name for module in modules if module for name in module.split(".")]
    return names if getattr(node, "level", 0) == 2 or "models" in names else []


def _is_telling(field):
    """Tell whether only our own models may have a field of this name; ``state`` and ``order_id`` many have."""
    return "_" in field and not field.endswith("_id") and field not in AMAZONS


def _is_ours(model):
    """Tell whether a class is of a model of the addon's own."""
    return any(
        isinstance(statement, ast.Assign)
        and statement.targets[0].id in ("_name", "_inherit")
        and isinstance(statement.value, ast.Constant)
        and statement.value.value.startswith("amazon.")
        for statement in model.body
    )


def _extends(method):
    """Tell whether a method calls the one of the same name that was there before."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == method.name
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "id", "") == "super"
        for node in ast.walk(method)
    )


def problems():
    """Return a line for each name that a room may not know.

    :rtype: list[str]
    """
    rooms = {name: Room(name) for name in BELOW}
    homes = defaultdict(set)
    for room in rooms.values():
        homes[f"room {room.name}"].add(room.name)
        for name in room.defined:
            homes[name].add(room.name)
    found = []
    for room in rooms.values():
        known = {room.name, *BELOW[room.name]}
        for path, line, name in room.names():
            if homes.get(name) and not homes[name] & known and name not in room.extended:
                found.append(f"{path.relative_to(MODELS.parent)}:{line}: {name} stands in {', '.join(homes[name])}")
            elif name.startswith(UNKNOWN.get(room.name, ())):
                found.append(f"{path.relative_to(MODELS.parent)}:{line}: {name} is not known in {room.name}")
    return found


if __name__ == "__main__":
    lines = problems()
    print("\n".join(lines))
    sys.exit(bool(lines))
