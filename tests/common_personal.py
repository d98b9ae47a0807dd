import re

from odoo.tools import SQL

# Everything personal that Amazon sends is made of these.
CANARIES = re.compile("kanaria|カナリア(?!諸島)|0901234987|987-6543", re.IGNORECASE)
# Odoo removes what was sent to browsers by itself, within a day.
NOT_OURS = {"bus_bus"}


class Canaries:
    """To be mixed into a case that looks for what is left of personal data."""

    def left(self):
        """Return where in the database canaries are left: rows by table."""
        self.env.flush_all()
        self.cr.precommit.run()
        self.env.flush_all()
        tables = self.env.execute_query(
            SQL("SELECT relname FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace = 'public'::regnamespace")
        )
        found = {}
        for [table] in sorted(tables):
            rows = self.env.execute_query(
                SQL(
                    "SELECT row::text FROM %s row WHERE row::text ~* %s",
                    SQL.identifier(table),
                    CANARIES.pattern,
                )
            )
            if rows and table not in NOT_OURS:
                found[table] = [row for [row] in rows]
        return found
