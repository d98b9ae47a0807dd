"""A lint over the rooms of ``models/``: each calls only those below it, so that no circle of rooms can close.

Imports alone do not show it: ``self.env[…]`` and methods on records hide every arrow. So it is looked at who defines
what: a method, a field or a model that only rooms above define may not be named.
"""

import ast
import sys
from collections import defaultdict
from pathlib import Path

MODELS = Path(__file__).resolve().parents[2] / "models"
# Which rooms each may call; those of the later capabilities beside confirmations: inventory, finance, vendor.
BELOW = {
    "engine": (),
    "customers": ("engine",),
    "orders": ("customers", "engine"),
    "speed": ("orders", "customers", "engine"),
    "confirmations": ("orders", "customers", "engine"),
}
# What of Odoo's the engine knows nothing of.
NOT_THE_ENGINES = ("sale.", "stock.", "product.", "delivery.")


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
        for statement in model.body:
            if isinstance(statement, ast.FunctionDef) and statement.name.startswith(("_", "action_")):
                into = self.extended if _extends(statement) else self.defined
                into.add(statement.name)
            elif isinstance(statement, ast.Assign):
                names, value = [target.id for target in statement.targets], statement.value
                if names == ["_name"] and value.value.startswith("amazon."):
                    self.defined.add(value.value)
                elif isinstance(value, ast.Call) and "selection_add" not in {word.arg for word in value.keywords}:
                    # Only what carries our name is ours on whatever record.
                    self.defined.update(name for name in names if name.startswith("amazon_"))

    def names(self):
        """Return (path, line, name) of everything the files name that somebody might define."""
        for path, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute):
                    yield path, node.lineno, node.attr
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield path, node.lineno, node.value
                elif isinstance(node, ast.ImportFrom) and node.level == 2:
                    yield path, node.lineno, f"room {(node.module or node.names[0].name).partition('.')[0]}"


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
            elif room.name == "engine" and name.startswith(NOT_THE_ENGINES):
                found.append(f"{path.relative_to(MODELS.parent)}:{line}: the engine knows no {name}")
    return found


if __name__ == "__main__":
    lines = problems()
    print("\n".join(lines))
    sys.exit(bool(lines))
