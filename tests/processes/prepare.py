"""Makes a database a shop whose accounts read from a simulated Amazon: ``prepare.py DATABASE``, the rest as JSON on
standard input."""

import json
import sys

import database
import shop

from simulator.process import Amazon


def prepare(env, amazon, sellers):
    """Connect one account a seller; only the addon's crons are left, and only what wakes them makes them run."""
    account = shop.set_up(env, amazon, sellers[0])
    for seller in sellers[1:]:
        shop.connect(env, amazon, seller)
    # Whatever Amazon calls shipped has left from our own stock.
    env["amazon.account"].search([]).start_date = "2020-01-01"
    account.search([]).auto_import = True
    env.flush_all()
    env.cr.execute("UPDATE ir_cron SET active = FALSE WHERE cron_name NOT LIKE 'Amazon%'")
    env.cr.execute("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '1 day'")
    env.cr.execute("DELETE FROM ir_cron_trigger WHERE cron_id IN (SELECT id FROM ir_cron WHERE NOT active)")


if __name__ == "__main__":
    [name] = sys.argv[1:]
    order = json.load(sys.stdin)
    database.configure("-d", name)
    with database.environment(name) as env:
        prepare(env, Amazon(order["url"]), order["sellers"])
