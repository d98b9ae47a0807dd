"""What Odoo records are and the work done on them, in rooms; each calls only those above it here."""

from . import engine  # isort: skip
from . import customers  # isort: skip
from . import speed  # isort: skip
from . import orders  # isort: skip
from . import confirmations  # isort: skip

from . import amazon_guarded  # isort: skip
