"""A lint over outboxes: only the moves in ``models/engine/amazon_outbox.py`` write the ``state`` of a row, because its
pause, its message and what it was asked go with it.
"""

import ast
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
OUTBOX = CHECKOUT / "models/engine/amazon_outbox.py"
FOLDERS = ("models", "wizards", "controllers")


def _assigned(node, name):
    """Return what a class or module sets a name to, or None."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == name:
            return ast.literal_eval(statement.value)
    return None


def _models(node):
    """Return (what a class is called, what it inherits) among models."""
    inherited = _assigned(node, "_inherit") or ()
    inherited = {inherited} if isinstance(inherited, str) else set(inherited)
    name = _assigned(node, "_name")
    return {name} if name else inherited, inherited


def _heirs(classes):
    """Return those of the classes that are of a model with outbox rows."""
    models, heirs = {"amazon.outbox"}, []
    while found := [node for node in classes if node not in heirs and _models(node)[1] & models]:
        heirs += found
        models.update(*(_models(node)[0] for node in found))
    return heirs


def _writes(node):
    """Yield (whose, value) of each state that a node writes; whose is None for values that may be anybody's."""
    if isinstance(node, ast.Assign | ast.AugAssign):
        for target in getattr(node, "targets", None) or [node.target]:
            if isinstance(target, ast.Attribute) and target.attr == "state":
                yield target.value, node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("write", "create"):
        values = [part for argument in node.args for part in ast.walk(argument) if isinstance(part, ast.Dict)]
        yield from ((node.func.value, value) for part in values for value in _states_in(part))
    elif isinstance(node, ast.Dict):
        yield from ((None, value) for value in _states_in(node))


def _states_in(values):
    return [
        value for key, value in zip(values.keys, values.values, strict=True) if getattr(key, "value", "") == "state"
    ]


def problems():
    """Return a line for each place where the state of an outbox's row is, or may be, written.

    :rtype: list[str]
    """
    states = {state for state, _label in _assigned(ast.parse(OUTBOX.read_text()), "API_STATUSES")}
    paths = [path for folder in FOLDERS for path in sorted((CHECKOUT / folder).rglob("*.py")) if path != OUTBOX]
    trees = {path: ast.parse(path.read_text()) for path in paths}
    nodes = {path: list(ast.walk(tree)) for path, tree in trees.items()}
    heirs = _heirs([node for found in nodes.values() for node in found if isinstance(node, ast.ClassDef)])
    in_heirs = {id(node) for heir in heirs for node in ast.walk(heir)}
    found = []
    for path in paths:
        for node in nodes[path]:
            for whose, value in _writes(node):
                # Other models have states of their own, some by the same names: they write them on themselves.
                theirs = whose is None or getattr(whose, "id", "") == "self"
                values = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                other = all(isinstance(part, ast.Constant) and part.value not in states for part in values)
                if id(node) in in_heirs or not (theirs or other):
                    found.append(f"{path.relative_to(CHECKOUT)}:{node.lineno}: a row's state is written past its moves")
    return sorted(set(found))


if __name__ == "__main__":
    lines = problems()
    print("\n".join(lines))
    sys.exit(bool(lines))
