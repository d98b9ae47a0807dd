"""Amazon's wire: requests out, typed values in.

Imports no odoo. Start reading with :mod:`.client` (requests) and :mod:`.values` (what comes back).
"""
