"""Makes a database a shop whose accounts read from a simulated Amazon."""

import shop

from simulator.process import Amazon


def prepare(env, url, sellers):
    """Connect one account a seller; only the addon's crons are left, and only what wakes them makes them run.

    :param str url: the simulator's.
    :param list sellers: what the simulator says of them.
    """
    amazon = Amazon(url)
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
