"""Amazon's Selling Partner API on your own machine: a stateful, deterministic stand-in for tests and demonstrations.

Start it with ``python -m simulator``. It imports neither Odoo nor the addon's own client, so that a
misunderstanding of Amazon in one is not mirrored in the other.
"""
