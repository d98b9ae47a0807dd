"""Lines of settlements, and their sums, point to what Amazon calls their transactions; what each is stands there."""

from lxml import etree
from odoo.tools import SQL, file_open
from odoo.tools.sql import column_exists, table_columns, table_exists

MODULE = "sale_amazon_spapi"
DATA = f"{MODULE}/data/amazon_transaction_type_data.xml"
NAMELESS = "(no type)"


def migrate(cr, version):
    if table_exists(cr, "amazon_settlement_line") and not table_exists(cr, "amazon_transaction_type"):
        types = make_types(cr)
        link_lines(cr, types)
        link_sums(cr)
        for table in ("amazon_settlement_line", "amazon_settlement_sum"):
            cr.execute(f"ALTER TABLE {table} DROP COLUMN transaction_kind")


def make_types(cr):
    """Make the table with the known names and those that have come in; return its ids by key."""
    cr.execute(
        """
        CREATE TABLE amazon_transaction_type (
            id serial PRIMARY KEY, name varchar NOT NULL, key varchar, kind varchar NOT NULL, is_classified boolean,
            recounted integer, create_uid integer, write_uid integer, create_date timestamp, write_date timestamp
        )
        """
    )
    types = {}
    with file_open(DATA, "rb") as file:
        for record in etree.parse(file).iterfind("record"):
            name, kind = (record.findtext(f"field[@name='{field}']") for field in ("name", "kind"))
            types[name.lower()] = make_type(cr, name, kind)
            cr.execute(
                "INSERT INTO ir_model_data (module, name, model, res_id, noupdate) VALUES (%s, %s, %s, %s, TRUE)",
                (MODULE, record.get("id"), "amazon.transaction.type", types[name.lower()]),
            )
    cr.execute("SELECT DISTINCT transaction_type FROM amazon_settlement_line ORDER BY 1")
    for [name] in cr.fetchall():
        name = name or NAMELESS
        if name.lower() not in types:
            types[name.lower()] = make_type(cr, name, "unclassified")
    return types


def make_type(cr, name, kind):
    cr.execute(
        "INSERT INTO amazon_transaction_type (name, key, kind, is_classified, recounted, create_uid, write_uid,"
        " create_date, write_date) VALUES (%s, %s, %s, %s, -1, 1, 1, now(), now()) RETURNING id",
        (name, name.lower(), kind, kind != "unclassified"),
    )
    return cr.fetchone()[0]


def link_lines(cr, types):
    """Have lines point to their types: most of a million are sales, which a default writes without writing each."""
    if column_exists(cr, "amazon_settlement_line", "transaction_type_id"):
        return
    cr.execute("SELECT transaction_type FROM amazon_settlement_line GROUP BY 1 ORDER BY count(*) DESC")
    names = [name for [name] in cr.fetchall()]
    ids = [types[(name or NAMELESS).lower()] for name in names]
    default = f" DEFAULT {ids[0]:d}" if ids else ""
    cr.execute(f"ALTER TABLE amazon_settlement_line ADD COLUMN transaction_type_id integer{default}")
    cr.execute("ALTER TABLE amazon_settlement_line ALTER COLUMN transaction_type_id DROP DEFAULT")
    cr.execute(
        """
        UPDATE amazon_settlement_line line SET transaction_type_id = type.id
          FROM unnest(%s::varchar[], %s::int[]) AS type (name, id)
         WHERE COALESCE(line.transaction_type, '') = type.name AND line.transaction_type_id <> type.id
        """,
        ([name or "" for name in names], ids),
    )


def link_sums(cr):
    """Have sums point to their types: those of several types of one kind are taken apart."""
    cr.execute("ALTER TABLE amazon_settlement_sum ADD COLUMN transaction_type_id integer")
    cr.execute(
        """
        CREATE TEMPORARY TABLE part ON COMMIT DROP AS
        SELECT *, row_number() OVER same AS number, count(*) OVER (PARTITION BY sum_id) AS parts FROM (
            SELECT sum.id AS sum_id, line.transaction_type_id, SUM(line.amount) AS amount, count(*) AS count
              FROM amazon_settlement_line line JOIN amazon_settlement_sum sum
                ON sum.settlement_id = line.settlement_id AND sum.type_id = line.type_id
               AND sum.transaction_kind = line.transaction_kind
               AND sum.marketplace_id IS NOT DISTINCT FROM line.marketplace_id
               AND sum.month = date_trunc('month', line.posted_on)::date
             GROUP BY 1, 2
        ) found WINDOW same AS (PARTITION BY sum_id ORDER BY transaction_type_id)
        """
    )
    own = {"id", "transaction_type_id", "amount", "cost", "count"}
    columns = SQL(", ").join(map(SQL.identifier, sorted(table_columns(cr, "amazon_settlement_sum").keys() - own)))
    cr.execute(
        SQL(
            "INSERT INTO amazon_settlement_sum (%(columns)s, transaction_type_id, amount, count)"
            " SELECT %(columns)s, p.transaction_type_id, p.amount, p.count FROM part p"
            " JOIN amazon_settlement_sum s ON s.id = p.sum_id WHERE p.number > 1 ORDER BY p.sum_id, p.number",
            columns=columns,
        )
    )
    cr.execute(
        "UPDATE amazon_settlement_sum s SET transaction_type_id = p.transaction_type_id FROM part p"
        " WHERE p.sum_id = s.id AND p.number = 1"
    )
    cr.execute(
        "UPDATE amazon_settlement_sum s SET amount = p.amount, count = p.count FROM part p"
        " WHERE p.sum_id = s.id AND p.number = 1 AND p.parts > 1"
    )
    if column_exists(cr, "amazon_settlement_sum", "cost"):
        cr.execute("UPDATE amazon_settlement_sum SET cost = -amount WHERE cost IS DISTINCT FROM -amount")
