"""Amazon's APIs that are simulated here: whoever imports one has its operations registered."""

from . import orders, sellers, confirmation, feeds  # noqa: F401, I001 (in the order in which operations are listed)
