"""A shop with a million orders, made once and kept: the simulator's kinds come in through the real import, and what is
closed of them is multiplied by SQL, with everything that hangs on an order."""

import sys
import time
from datetime import datetime, timedelta, timezone

import database
from psycopg2 import sql
from setting import Worker, opened

from simulator import kinds
from simulator.process import Amazon

NAME = database.name("lists")
# So many orders of each kind come in; of what can leave, so many stay open.
EACH, STAY = 12, 150
DAYS = 3 * 365
OFFERS, LOGS = 100_000, 100_000

# Where the closed orders and what hangs on them stand, in the order of their references: table -> which rows.
CLOSED = """SELECT o.id FROM sale_order o JOIN amazon_phase p ON p.id = o.amazon_phase_id
    WHERE p.role IN ('confirmed', 'cancelled') AND NOT coalesce(o.amazon_mismatch, false)
    AND o.amazon_review_reasons IS NULL AND NOT coalesce(o.amazon_cancel_requested, false)"""
COPIED = {
    "sale_order": CLOSED,
    "res_partner": """WITH RECURSIVE found AS (
            SELECT unnest(ARRAY[partner_id, partner_shipping_id, partner_invoice_id, amazon_address_id]) AS id
            FROM sale_order WHERE id IN (SELECT id FROM copied_sale_order)
            UNION SELECT parent_id FROM res_partner JOIN found USING (id))
        SELECT DISTINCT id FROM res_partner JOIN found USING (id)
            WHERE amazon_account_id IS NOT NULL AND amazon_marketplace_id IS NULL""",
    "sale_order_line": "SELECT id FROM sale_order_line WHERE order_id IN (SELECT id FROM copied_sale_order)",
    "stock_picking": "SELECT id FROM stock_picking WHERE sale_id IN (SELECT id FROM copied_sale_order)",
    "stock_move": "SELECT id FROM stock_move WHERE picking_id IN (SELECT id FROM copied_stock_picking)",
    "stock_move_line": "SELECT id FROM stock_move_line WHERE move_id IN (SELECT id FROM copied_stock_move)",
    "amazon_confirmation": "SELECT id FROM amazon_confirmation WHERE order_id IN (SELECT id FROM copied_sale_order)",
    "amazon_order_item": "SELECT id FROM amazon_order_item WHERE order_id IN (SELECT id FROM copied_sale_order)",
    "amazon_order_update": "SELECT id FROM amazon_order_update WHERE order_id IN (SELECT id FROM copied_sale_order)",
    "amazon_transaction": "SELECT id FROM amazon_transaction WHERE order_id IN (SELECT id FROM copied_sale_order)",
    "amazon_transaction_line": "SELECT id FROM amazon_transaction_line WHERE transaction_id IN"
    " (SELECT id FROM copied_amazon_transaction)",
}
# What differs from copy to copy; {id} and {order_id} … stand for the copy's own.
REF = (
    "format('%s-%s-%s', 200 + {0} % 600, lpad((({0}::bigint * 7654321) % 10000000)::text, 7, '0'),"
    " lpad({0}::text, 7, '0'))"
)
# Five digits, then as many as there are, as Odoo's own sequences count.
COUNTED = "lpad({0}::text, greatest(5, length({0}::text)), '0')"
NUMBER = f"'S' || {COUNTED}"
# A family name is found tens of thousands of times, a whole name hundreds of times.
FAMILY = "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 清水".split()
GIVEN = "太郎 花子 一郎 健 陽子 直樹 美咲 翔太 愛 大輔 由美 拓也 恵 誠 さくら 学 優子 亮 真由美 修".split()
# One order in a hundred was refunded, as in a real shop; of these one in five is on the accountant's list.
REFUNDED, DIFFERS, ACCEPTED, RELATED = 100, 500, 700, 300
# A settlement is two weeks.
SETTLEMENTS = DAYS // 14
PERSON = (
    f"(ARRAY[{', '.join(map(repr, FAMILY))}])[1 + {{id}} % 20] || ' '"
    f" || (ARRAY[{', '.join(map(repr, GIVEN))}])[1 + ({{id}} / 20) % 20]"
    " || CASE WHEN {id} % 3 = 0 THEN '' ELSE ' ' || {id} % 997 END"
)
DIFFERENT = {
    "sale_order": {
        "name": NUMBER.format("{id}"),
        "amazon_order_ref": REF.format("{id}"),
        "access_token": "NULL",
        "client_order_ref": REF.format("{id}"),
        "amazon_refunded": f"CASE WHEN {{id}} % {REFUNDED} = 0 THEN amazon_total ELSE 0 END",
        "amazon_mismatch": f"{{id}} % {DIFFERS} = 0",
        "amazon_difference": f"CASE WHEN {{id}} % {DIFFERS} = 0 THEN amazon_total ELSE 0 END",
        "amazon_family_difference": f"CASE WHEN {{id}} % {DIFFERS} = 0 THEN amazon_total ELSE 0 END",
        "amazon_difference_reason": f"CASE WHEN {{id}} % {DIFFERS} = 0 THEN 'refund' END",
        "amazon_accepted_at": f"CASE WHEN {{id}} % {ACCEPTED} = 0 THEN date_order END",
        "amazon_family_id": f"CASE WHEN {{id}} % {RELATED} = 0 THEN {{id}} END",
    },
    "res_partner": {
        "name": PERSON,
        "complete_name": PERSON,
        "email": "'buyer' || {id} || '@example.com'",
        "email_normalized": "'buyer' || {id} || '@example.com'",
        "amazon_hash": "md5({id}::text)",
    },
    "sale_order_line": {
        "amazon_item_ref": "lpad({id}::text, 14, '6')",
        "amazon_offer_id": "CASE WHEN amazon_offer_id IS NOT NULL THEN"
        " (SELECT min(id) FROM amazon_offer WHERE sku LIKE 'SKU-%')"
        f" + {{id}} % {OFFERS} END",
    },
    "stock_picking": {
        "name": "'WH/OUT/' || " + COUNTED.format("{id}"),
        "origin": NUMBER.format("{sale_id}"),
        "amazon_order_ref": f"CASE WHEN amazon_order_ref IS NOT NULL THEN {REF.format('{sale_id}')} END",
        "carrier_tracking_ref": "CASE WHEN carrier_tracking_ref IS NOT NULL THEN"
        " '4412-' || lpad({id}::text, 8, '0') END",
    },
    "amazon_confirmation": {
        "order_ref": REF.format("{order_id}"),
        "reference": "{id}::text",
        "tracking_number": "CASE WHEN tracking_number IS NOT NULL THEN '4412-' || lpad({picking_id}::text, 8, '0') END",
    },
    "amazon_order_item": {"order_ref": REF.format("{order_id}"), "item_ref": "lpad({id}::text, 14, '6')"},
    "amazon_order_update": {
        "order_ref": REF.format("{order_id}"),
        "digest": "md5({id}::text)",
        "log_id": f"(SELECT max(id) FROM amazon_log) - {{id}} % {LOGS}",
    },
    "amazon_transaction": {
        "order_ref": REF.format("{order_id}"),
        "transaction_ref": "md5({id}::text)",
        "digest": "md5({id}::text)",
        "kind": f"CASE WHEN {{order_id}} % {REFUNDED} = 0 THEN 'refund' ELSE kind END",
        # Half of the sales were deferred, and are there twice.
        "deferred_ref": "CASE WHEN {id} % 3 = 0 THEN md5(({id} - 1)::text) END",
        "counts": "{id} % 3 > 0",
        "has_unclassified": "{id} % 10000 = 0",
        "settlement_ref": f"'1' || lpad((copy / ({{copies}} / {SETTLEMENTS} + 1))::text, 9, '0')",
    },
    "amazon_transaction_line": {
        "transaction_kind": f"CASE WHEN {{order_id}} % {REFUNDED} = 0 THEN 'refund' ELSE transaction_kind END",
    },
}
# Some open orders in each rare state.
RARE = (
    "UPDATE sale_order SET amazon_on_hold = true WHERE id IN (SELECT id FROM open_order LIMIT 5)",
    """UPDATE sale_order SET amazon_mismatch = true, amazon_difference = 100
        WHERE id IN (SELECT id FROM open_order OFFSET 5 LIMIT 5)""",
    """UPDATE sale_order SET amazon_merged_into_id = (SELECT max(id) FROM open_order)
        WHERE id IN (SELECT id FROM open_order WHERE id <> (SELECT max(id) FROM open_order) LIMIT 5)""",
    """UPDATE sale_order SET amazon_api_status = (ARRAY['error', 'rejected', 'unknown', 'sending'])[1 + id % 4]
        WHERE id IN (SELECT id FROM open_order OFFSET 10 LIMIT 20)""",
)
# Of the transactions: not paid out yet, some for too long; releases of what nobody knows; orders of other shops.
UNSETTLED = (
    """UPDATE amazon_transaction SET state = 'deferred', matures_at = posted_at + interval '9 days'
        WHERE posted_at > now() - interval '9 days' OR id % 50000 = 1""",
    "UPDATE amazon_transaction SET deferred_ref = md5(id || ' alone'), counts = true WHERE id % 30000 = 7",
    "UPDATE amazon_transaction SET order_id = NULL, order_ref = 'S01-' || id WHERE id % 100 = 3",
)


def have(orders, fresh=False):
    """Make the database, or bring the one there is up to the addon as it stands now.

    :param int orders: how many orders it has.
    :param bool fresh: make it anew.
    :return: its name.
    """
    if fresh or not database.exists(NAME):
        draft = f"{NAME}_draft"
        database.copy(database.template(), draft, lasts=True)
        database.upgraded(NAME)
        _import_every_kind(draft)
        _multiply(draft, orders)
        database.drop(NAME)
        database.rename(draft, NAME)
    else:
        database.upgrade(NAME)
        with opened(NAME) as cr:
            # As after an upgrade to another version.
            cr.execute("ANALYZE")
    return NAME


def _import_every_kind(name):
    """Import some orders of each kind, let most of them leave, tell Amazon, and see them shipped."""
    amazon = Amazon.start("--quota", "off", "--seed", "1")
    try:
        seller = amazon.seller()
        placed = datetime.now(timezone.utc) - timedelta(days=3)
        for kind in kinds.offered(seller):
            placed += timedelta(minutes=5)
            amazon.place(seller, kind.name, EACH, created=placed.isoformat(), updated=placed.isoformat())
        Worker("prepare", name, {"url": amazon.url, "sellers": [seller], "without": []}).wait(check=True)
        task = {"merchant_id": seller["merchant_id"]}
        _work("import", name, task)
        open_deliveries = _count(name, "SELECT count(*) FROM stock_picking WHERE state = 'assigned'")
        _work("validate", name, {**task, "orders": max(1, open_deliveries - STAY)})
        _work("confirm one by one", name, task)
        amazon.post("clock", advance=600)
        _work("import", name, task)
        _work("finances", name, task)
    finally:
        amazon.stop()


def _work(role, name, task):
    worker = Worker(role, name, task).ready()
    worker.go()
    print(f"  {role}: {worker.result()['seconds']:.0f} s", file=sys.stderr, flush=True)


def _count(name, query):
    with opened(name) as cr:
        cr.execute(query)
        return cr.fetchone()[0]


def _multiply(name, orders):
    """Copy what is closed until there are so many orders."""
    with opened(name) as cr:
        # What is copied is right already; and indexes are made at the end.
        cr.execute(
            "SET session_replication_role = replica; SET maintenance_work_mem = '1GB'; SET synchronous_commit = off"
        )
        for table, query in COPIED.items():
            cr.execute(f"CREATE TEMP TABLE copied_{table} AS {query}")
            cr.execute(f"ANALYZE copied_{table}")
        cr.execute(
            f"CREATE TEMP TABLE open_order AS SELECT id FROM sale_order WHERE state = 'sale'"
            f" AND id NOT IN ({CLOSED}) ORDER BY id"
        )
        for statement in RARE:
            cr.execute(statement)
        _offers(cr)
        _logs(cr)
        cr.execute("SELECT count(*) FROM copied_sale_order")
        closed = cr.fetchone()[0]
        copies = -(-orders // closed)
        strides = {table: _stride(cr, table) for table in COPIED}
        for table in COPIED:
            started = time.monotonic()
            indexes = _indexes(cr, table)
            for index, _definition, _comment in indexes:
                cr.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
            cr.execute(_copy_statement(cr, table, strides, copies))
            count = cr.rowcount
            for index, definition, comment in indexes:
                cr.execute(definition)
                # Odoo reads there what it made the index of.
                cr.execute(sql.SQL("COMMENT ON INDEX {} IS %s").format(sql.Identifier(index)), [comment])
            cr.execute(f"SELECT setval(%s, (SELECT max(id) FROM {table}))", [f"{table}_id_seq"])
            print(f"  {table}: {count} rows, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        for statement in UNSETTLED:
            cr.execute(statement)
        cr.execute("VACUUM ANALYZE")


def _stride(cr, table):
    """Return by how much ids differ from copy to copy."""
    cr.execute(f"SELECT max(id) FROM {table}")
    return cr.fetchone()[0]


def _indexes(cr, table):
    """Return (name, definition, comment) of the table's indexes that no constraint needs."""
    cr.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), obj_description(i.indexrelid)"
        " FROM pg_index i"
        " WHERE i.indrelid = %s::regclass AND NOT EXISTS"
        " (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [table],
    )
    return cr.fetchall()


def _copy_statement(cr, table, strides, copies):
    """Return the statement that copies the rows of a table, each copy older than the one before."""
    cr.execute(
        "SELECT a.attname, format_type(a.atttypid, NULL), f.relname FROM pg_attribute a LEFT JOIN pg_constraint c"
        " ON c.conrelid = a.attrelid AND c.contype = 'f' AND c.conkey = ARRAY[a.attnum] LEFT JOIN pg_class f"
        " ON f.oid = c.confrelid WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped"
        " ORDER BY a.attnum",
        [table],
    )
    columns = cr.fetchall()
    moved = {"id": f"(t.id + copy * {strides[table]})"}
    joins = []
    for column, _kind, target in columns:
        if target in strides and column != "id":
            joins.append(f"LEFT JOIN copied_{target} of_{column} ON of_{column}.id = t.{column}")
            moved[column] = (
                f"(CASE WHEN of_{column}.id IS NULL THEN t.{column} ELSE t.{column} + copy * {strides[target]} END)"
            )
    values = []
    for column, kind, _target in columns:
        if column in DIFFERENT.get(table, {}):
            values.append(DIFFERENT[table][column].format(**moved, copies=copies))
        elif column in moved:
            values.append(moved[column])
        elif kind.startswith("timestamp"):
            values.append(f"t.{column} - ({copies} - copy) * interval '{DAYS * 86400 / copies:.3f} seconds'")
        else:
            values.append(f"t.{column}")
    names = ", ".join(f'"{column}"' for column, _kind, _target in columns)
    return (
        f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM generate_series(1, {copies}) copy"
        f" CROSS JOIN (SELECT * FROM {table} WHERE id IN (SELECT id FROM copied_{table})) t {' '.join(joins)}"
    )


def _offers(cr):
    """Fill the SKU table."""
    cr.execute(
        """INSERT INTO amazon_offer (account_id, company_id, marketplace_id, product_id, sku, asin, title, state)
        SELECT account_id, company_id, marketplace_id, CASE WHEN n %% 1000 > 0 THEN product_id END, 'SKU-' || n,
            'B0' || upper(substr(md5(n::text), 1, 8)), title || ' ' || n,
            CASE WHEN n %% 1000 > 0 THEN 'mapped' ELSE 'unmapped' END
        FROM generate_series(1, %s) n,
            (SELECT * FROM amazon_offer WHERE product_id IS NOT NULL ORDER BY id LIMIT 1) one""",
        [OFFERS],
    )


def _logs(cr):
    """Fill the log of 90 days."""
    cr.execute(
        """INSERT INTO amazon_log (account_id, company_id, job_id, job_name, state, started_at, ended_at, duration,
            api_calls, received, accepted, refused, message)
        SELECT account_id, company_id, job_id, (ARRAY['orders', 'range', 'confirm', 'results'])[1 + n %% 4],
            CASE WHEN n %% 500 = 0 THEN 'failed' ELSE 'done' END, started_at - n * interval '78 seconds',
            ended_at - n * interval '78 seconds', duration, 1, n %% 7, 0, 0,
            CASE WHEN n %% 500 = 0 THEN 'Amazon answered 503.' END
        FROM generate_series(1, %s) n, (SELECT * FROM amazon_log ORDER BY id LIMIT 1) one""",
        [LOGS],
    )
