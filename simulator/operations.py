"""The operations this Amazon offers, with their published usage plans: ``@operation`` on a handler has it served."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

ROLES = (
    "inventory_and_order_tracking",
    "direct_to_consumer_shipping",
    "finance_and_accounting",
    "product_listing",
    "tax_invoicing",
)
ORDER_ROLES = ("inventory_and_order_tracking", "direct_to_consumer_shipping", "tax_invoicing")
SHIPPING_ROLES = ("inventory_and_order_tracking", "direct_to_consumer_shipping")


@dataclass(frozen=True)
class Plan:
    """A usage plan: requests per second, and at once."""

    name: str
    rate: float
    burst: int


@dataclass(frozen=True)
class Operation:
    """One SP-API operation.

    :ivar rate: requests per second, ``burst``: requests at once
    :ivar roles: any one of them suffices
    :ivar handler: ``handler(call) -> dict`` or None, the JSON of the good answer
    :ivar status: HTTP status of the good answer
    :ivar model: file name of Amazon's Swagger model
    :ivar plan_by: the body's field by whose value there are plans of their own, ``plans`` {value: (rate, burst)}
    :ivar version: tells apart operations of the same name; what is metered, and what faults name, are all of them
    :ivar restricted: whether an access token does not do, and a restricted data token is needed
    :ivar bare_errors: whether most of its errors come without the list around them
    :ivar template: the path as the model writes it
    """

    name: str
    method: str
    path: str
    rate: float
    burst: int
    roles: tuple
    handler: Callable
    model: str
    status: int = 200
    plan_by: str = ""
    plans: dict = field(default_factory=dict, hash=False)
    version: str = ""
    restricted: bool = False
    bare_errors: bool = False

    def plan(self, fields):
        """The Plan by which a call is metered. ``fields``: the texts of its body by name."""
        return self.own_plans.get(fields.get(self.plan_by), self)

    @property
    def own_plans(self):
        return {value: Plan(f"{self.name} {value}", *plan) for value, plan in self.plans.items()}

    @property
    def template(self):
        return self.path.replace("<", "{").replace(">", "}")


BY_NAME = {}  # of several versions the one that was registered first
PLANS = {}  # name -> what has a rate and a burst: an operation, or one of its plans
ROUTES = Map(redirect_defaults=False, strict_slashes=True, merge_slashes=False)


def operation(name, method, path, **facts):
    """Decorator of a handler: from now on it answers the operation.

    :param path: with ``<name>`` for what stands in ``call.path_args``
    :param facts: the other fields of ``Operation``
    """

    assert name not in BY_NAME or facts.get("version"), name

    def register(handler):
        made = Operation(name, method, path, handler=handler, **facts)
        BY_NAME.setdefault(name, made)
        PLANS.update({plan.name: plan for plan in (made, *made.own_plans.values())})
        ROUTES.add(Rule(path, methods=[method], endpoint=made))
        return handler

    return register


SLASH = "\ue000"  # stands for an encoded slash while a path is matched: it belongs to an argument, such as a SKU


def find(method, raw_path):
    """(Operation, path arguments), or (None, {}) for what this Amazon does not offer.

    :param raw_path: as it came, percent encoded
    """
    path = "/".join(unquote(part).replace("/", SLASH) for part in raw_path.split("/"))
    try:
        operation, arguments = ROUTES.bind("amazon").match(path, method)
    except HTTPException:
        return None, {}
    return operation, {name: value.replace(SLASH, "/") for name, value in arguments.items()}


def is_removed_read(method, path):
    """Whether this is one of the v0 order reads that nobody may call any more."""
    return method == "GET" and (path == "/orders/v0/orders" or path.startswith("/orders/v0/orders/"))
