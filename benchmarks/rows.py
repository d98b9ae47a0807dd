"""Whether two databases hold the same rows of orders, lines, deliveries, moves and customers.

Rows are told apart by what they stand for, not by id: an order by Amazon's number, a line by its item, a move by its
line, and so on. Left out, because they differ between any two imports:

* ids, and who-knows-when columns (``create_date``, ``write_date``),
* names and references that come from a sequence, which are compared as what they name,
* random access tokens, and the moment of reserving on a move line.

An empty flag and one that is off are the same to Odoo, and here.
"""

import json
from collections import defaultdict

LEFT_OUT = {
    "*": {"id", "create_date", "write_date"},
    "sale_order": {"name", "access_token"},
    "stock_picking": {"name"},
    "stock_reference": {"name"},
    "stock_picking_batch": {"name"},
    "stock_move_line": {"date"},
    "res_partner": {"access_token"},
}
ACCOUNT = "(SELECT id FROM amazon_account WHERE merchant_id = %(merchant)s)"
ORDERS = f"(SELECT id FROM sale_order WHERE amazon_account_id = {ACCOUNT})"
MOVES = f"(SELECT m.id FROM stock_move m JOIN sale_order_line l ON l.id = m.sale_line_id WHERE l.order_id IN {ORDERS})"
# Each table: which rows, and what a row is known by: a query of (id, parts of the key) whose integer parts named
# table.id stand for other rows. In the order in which keys can be found.
TABLES = {
    "amazon_offer": f"SELECT id, ARRAY[sku] FROM amazon_offer WHERE account_id = {ACCOUNT}",
    "res_partner": f"""SELECT p.id, ARRAY[parent.amazon_hash, p.amazon_hash] FROM res_partner p
        LEFT JOIN res_partner parent ON parent.id = p.parent_id WHERE p.amazon_account_id = {ACCOUNT}""",
    "sale_order": f"SELECT id, ARRAY[amazon_order_ref] FROM sale_order WHERE id IN {ORDERS}",
    "sale_order_line": f"""SELECT l.id, ARRAY[o.amazon_order_ref, l.amazon_line_key] FROM sale_order_line l
        JOIN sale_order o ON o.id = l.order_id WHERE o.id IN {ORDERS}""",
    "stock_reference": f"""SELECT r.reference_id, ARRAY[o.amazon_order_ref] FROM stock_reference_sale_rel r
        JOIN sale_order o ON o.id = r.sale_id WHERE o.id IN {ORDERS}""",
    "stock_picking_batch": f"""SELECT p.batch_id, ARRAY[min(o.amazon_order_ref)] FROM stock_picking p
        JOIN stock_move m ON m.picking_id = p.id JOIN sale_order_line l ON l.id = m.sale_line_id
        JOIN sale_order o ON o.id = l.order_id WHERE o.id IN {ORDERS} AND p.batch_id IS NOT NULL GROUP BY p.batch_id""",
    "stock_picking": f"""SELECT DISTINCT p.id, ARRAY[o.amazon_order_ref, p.picking_type_id::text] FROM stock_picking p
        JOIN stock_move m ON m.picking_id = p.id JOIN sale_order_line l ON l.id = m.sale_line_id
        JOIN sale_order o ON o.id = l.order_id WHERE o.id IN {ORDERS}""",
    "stock_move": f"""SELECT m.id, ARRAY[o.amazon_order_ref, l.amazon_line_key, m.location_id::text] FROM stock_move m
        JOIN sale_order_line l ON l.id = m.sale_line_id JOIN sale_order o ON o.id = l.order_id WHERE m.id IN {MOVES}""",
    "stock_move_line": f"""SELECT ml.id, ARRAY[o.amazon_order_ref, l.amazon_line_key, ml.location_id::text]
        FROM stock_move_line ml JOIN stock_move m ON m.id = ml.move_id
        JOIN sale_order_line l ON l.id = m.sale_line_id JOIN sale_order o ON o.id = l.order_id WHERE m.id IN {MOVES}""",
}
REFERENCES = """SELECT a.attname, f.relname FROM pg_constraint c JOIN pg_class f ON f.oid = c.confrelid
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.conrelid = %(table)s::regclass"""
# Tables that only join two others.
RELATIONS = """SELECT c.conrelid::regclass::text AS name FROM pg_constraint c
    WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 1 GROUP BY c.conrelid
    HAVING count(*) = 2 AND (SELECT count(*) FROM pg_attribute a
        WHERE a.attrelid = c.conrelid AND a.attnum > 0 AND NOT a.attisdropped) = 2
    AND bool_or(c.confrelid = ANY (%(tables)s::regclass[]))"""

QUANTS = """SELECT product_id, location_id, lot_id, count(*) AS rows, sum(quantity) AS quantity,
    sum(reserved_quantity) AS reserved FROM stock_quant GROUP BY product_id, location_id, lot_id"""


def read(cr, merchant):
    """Return every compared table of a database.

    :param cr: a database cursor.
    :param str merchant: whose orders are read.
    :return: {table: {key: {column: value}}}.
    """
    keys = {table: _keys(cr, query, merchant) for table, query in TABLES.items()}
    names = {}  # what a sequence called something -> what it is
    for table in ("sale_order", "stock_picking"):
        for row in _select(cr, f"SELECT id, name FROM {table} WHERE id = ANY(%(ids)s)", ids=list(keys[table])):
            names[row["name"]] = f"{table} {keys[table][row['id']]}"
    result = {table: _rows(cr, table, keys, names) for table in TABLES}
    for row in _select(cr, RELATIONS, tables=list(TABLES)):
        result[row["name"]] = _relation(cr, row["name"], keys)
    result["stock_quant"] = {
        f"{row['product_id']} in {row['location_id']}, lot {row['lot_id']}": row for row in _select(cr, QUANTS)
    }
    return result


def _select(cr, query, **values):
    cr.execute(query, values)
    names = [column[0] for column in cr.description]
    return [dict(zip(names, row, strict=True)) for row in cr.fetchall()]


def _keys(cr, query, merchant):
    seen, keys = defaultdict(int), {}
    for row in _select(cr, f"SELECT * FROM ({query}) AS t(id, key) ORDER BY key, id", merchant=merchant):
        key = " / ".join(part or "-" for part in row["key"])
        seen[key] += 1
        keys[row["id"]] = f"{key} #{seen[key]}"
    return keys


def _rows(cr, table, keys, names):
    targets = {row["attname"]: row["relname"] for row in _select(cr, REFERENCES, table=table)}
    left_out = LEFT_OUT["*"] | LEFT_OUT.get(table, set())
    return {
        keys[table][row["id"]]: {
            column: _cell(value, keys.get(targets.get(column), {}), names)
            for column, value in row.items()
            if column not in left_out
        }
        for row in _select(cr, f"SELECT * FROM {table} WHERE id = ANY(%(ids)s)", ids=list(keys[table]))
    }


def _cell(value, keys, names):
    if value is False:
        return None
    if isinstance(value, int) and value in keys:
        return keys[value]
    if isinstance(value, str) and value in names:
        return names[value]
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def _relation(cr, relation, keys):
    columns = _select(cr, REFERENCES, table=relation)
    (first, table), (second, other) = sorted((row["attname"], row["relname"]) for row in columns)
    if table not in keys:
        (first, table), (second, other) = (second, other), (first, table)
    return {
        f"{keys[table][row['one']]} - {keys.get(other, {}).get(row['two'], row['two'])}": {}
        for row in _select(cr, f"SELECT {first} AS one, {second} AS two FROM {relation}")
        if row["one"] in keys[table]
    }


def differences(one, other):
    """Return what differs, in words; empty when all rows are equal."""
    found = []
    for table in sorted(set(one) | set(other)):
        rows, others = one.get(table, {}), other.get(table, {})
        for name, alone in (("first", set(rows) - set(others)), ("second", set(others) - set(rows))):
            if alone:
                found.append(f"{table}: {len(alone)} rows only in the {name}, e.g. {min(alone)}")
        columns = defaultdict(list)
        for key in set(rows) & set(others):
            for column in rows[key]:
                if rows[key][column] != others[key].get(column):
                    columns[column].append((key, rows[key][column], others[key].get(column)))
        for column, cases in columns.items():
            key, value, another = min(cases, key=str)
            found.append(f"{table}.{column}: {len(cases)} rows, e.g. {key}: {value!r} and {another!r}")
    return found


def counts(tables):
    """Return the number of rows a table, for the report."""
    return ", ".join(f"{len(tables[table])} {table}" for table in TABLES)
