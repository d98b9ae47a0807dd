"""Odoo's records and the work done on them, in rooms: confirmations call orders, these customers, and all of them the
engine; never the other way (``bin/lib/rooms.py``)."""

from . import engine  # isort: skip
from . import customers  # isort: skip

# Before what else is done with orders and deliveries: the shorter ways stand for Odoo's own.
from . import speed  # isort: skip
from . import orders  # isort: skip
from . import confirmations  # isort: skip
from . import cancelling  # isort: skip
from . import packing  # isort: skip
from . import inventory  # isort: skip
from . import finance  # isort: skip
from . import vendor  # isort: skip

from . import amazon_guarded  # isort: skip
