"""A database of the version before is upgraded in place, whatever was under way when it was stopped, and goes on."""

import json
import re
import subprocess
from contextlib import ExitStack

import database
import parcels
import shops

KINDS = {"jp_standard": 3, "jp_cod": 1}
# Makes the database what the version before left: what has another name now, and the version itself.
BEFORE = """
UPDATE ir_model_fields SET name = 'confirmed' WHERE model = 'amazon.log' AND name = 'accepted';
UPDATE ir_model_fields SET name = 'merchant_id' WHERE model = 'amazon.quota' AND name = 'selling_partner';
UPDATE ir_model_fields SET name = 'ask_first' WHERE model = 'amazon.confirmation' AND name = 'query_first';
UPDATE ir_filters SET domain = replace(domain, 'accepted', 'confirmed'), sort = replace(sort, 'accepted', 'confirmed'),
    context = replace(context, 'accepted', 'confirmed') WHERE model_id = 'amazon.log';
UPDATE ir_exports_line SET name = 'confirmed' WHERE name = 'accepted';
ALTER TABLE amazon_log RENAME accepted TO confirmed;
ALTER TABLE amazon_quota RENAME selling_partner TO merchant_id;
ALTER TABLE amazon_confirmation RENAME query_first TO ask_first;
ALTER TABLE amazon_order_update DROP COLUMN source;
ALTER TABLE amazon_offer ALTER COLUMN marketplace_id SET NOT NULL;
ALTER TABLE amazon_confirmation ALTER COLUMN marketplace_id SET NOT NULL;
DROP INDEX amazon_offer_sku_uniq;
CREATE UNIQUE INDEX amazon_offer_sku_uniq ON amazon_offer (account_id, marketplace_id, sku);
COMMENT ON INDEX amazon_offer_sku_uniq IS 'UNIQUE INDEX (account_id, marketplace_id, sku)';
ALTER TABLE amazon_settlement_line ADD transaction_kind varchar;
ALTER TABLE amazon_settlement_sum ADD transaction_kind varchar;
UPDATE amazon_settlement_line l SET transaction_kind = t.kind FROM amazon_transaction_type t
 WHERE t.id = l.transaction_type_id;
UPDATE amazon_settlement_sum s SET transaction_kind = t.kind FROM amazon_transaction_type t
 WHERE t.id = s.transaction_type_id;
ALTER TABLE amazon_settlement_line ALTER transaction_kind SET NOT NULL, DROP transaction_type_id;
ALTER TABLE amazon_settlement_sum ALTER transaction_kind SET NOT NULL, DROP transaction_type_id;
UPDATE amazon_settlement_sum s SET amount = s.amount + o.amount, count = s.count + o.count FROM amazon_settlement_sum o
 WHERE s.id < o.id AND (s.settlement_id, s.type_id, s.transaction_kind, s.month)
                     = (o.settlement_id, o.type_id, o.transaction_kind, o.month);
DELETE FROM amazon_settlement_sum o USING amazon_settlement_sum s
 WHERE s.id < o.id AND (s.settlement_id, s.type_id, s.transaction_kind, s.month)
                     = (o.settlement_id, o.type_id, o.transaction_kind, o.month);
SELECT setval('amazon_settlement_sum_id_seq', (SELECT max(id) FROM amazon_settlement_sum));
DROP TABLE amazon_transaction_type CASCADE;
DELETE FROM ir_model_data WHERE model = 'amazon.transaction.type';
ALTER TABLE amazon_settlement DROP booked_kinds, DROP is_booked_otherwise;
UPDATE ir_module_module SET latest_version = '19.0.1.0.0' WHERE name = 'sale_amazon_spapi';
"""
# Rows that must be as many afterwards, and what runs and buckets have counted.
KEPT = (*shops.COUNTED, "amazon_account", "amazon_job", "amazon_confirmation", "amazon_feed", "amazon_log")
TOTALS = "SELECT (SELECT sum({}) FROM amazon_log), (SELECT count(*) FROM amazon_quota WHERE {} <> '')"
# What people have set otherwise than the addon's data say.
SET_BY_PEOPLE = """
env["amazon.phase"].search([], limit=1).name = "Another name"
env["amazon.shipping.method"].search([], limit=1).name = "Another courier"
env["amazon.job"].search([("name", "=", "orders")]).cron_id.interval_number = 7
env["ir.filters"].create(
    {
        "name": "Mine",
        "model_id": "amazon.log",
        "domain": "[('accepted', '>', 1)]",
        "context": "{'group_by': ['job_name', 'started_at:day'], 'pivot_measures': ['accepted']}",
        "sort": '["accepted desc", "id"]',
    }
)
env["ir.exports"].create(
    {"name": "Mine", "resource": "amazon.log", "export_fields": [(0, 0, {"name": "accepted"})]}
)
env.cr.commit()
"""
# Settlements, of which one is booked: with names that are not known, and in the last one two names for one kind.
SETTLED = """
columns = [
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency",
    "transaction-type", "order-id", "marketplace-name", "amount-type", "amount-description", "amount", "posted-date",
    "posted-date-time", "order-item-code", "sku", "quantity-purchased",
]

def text(ref, *rows):
    dates = ["2026-11-01 00:00:00 UTC", "2026-11-15 00:00:00 UTC", "2026-11-17 00:00:00 UTC"]
    lines = [columns, [ref, *dates, str(sum(row[-1] for row in rows)), "JPY"]]
    for kind, group, name, amount in rows:
        lines.append([ref, "", "", "", "", "", kind, "", "Amazon.co.jp", group, name, str(amount), "2026-11-03"])
    return "".join("\\t".join([*line, *[""] * (len(columns) - len(line))]) + "\\n" for line in lines).encode()

account = env["amazon.account"].search([], limit=1)
new, nameless = ("Something New", "ItemPrice", "Principal", -7), ("", "ItemPrice", "Tax", 3)
account._read_settlement_file("1", text("1", new, nameless))
[booked] = account._read_settlement_file("2", text("2", ("Order", "ItemFees", "Commission", -30)))
account._read_settlement_file(
    "3", text("3", ("ServiceFee", "ItemFees", "Commission", -5), ("vine enrollment fee", "ItemFees", "Commission", -6))
)
account._set_up_booking()
booked._book()
booked.entry_ids.action_post()
env.cr.commit()
"""
# What is computed and stored: a version before may have known nothing of it, nor of what is indexed by it. Accounts
# and rules of booking aside, which keep there what was found out, and what people have chosen, too;
# and what is related to what is related itself: that was never new at once, and Odoo reads it before it is there.
FORGET = f"""
for model in set(env.registry.values()) - {{env.registry["amazon.account"], env.registry["amazon.booking.rule"]}}:
    for field in model._fields.values():
        ours = "{database.ADDON}" in field._modules and field.model_name == model._name
        again = field.related and field.related_field.related
        if ours and model._auto and field.store and field.compute and field.column_type and not again:
            env.cr.execute(f'ALTER TABLE "{{model._table}}" DROP COLUMN IF EXISTS "{{field.name}}" CASCADE')
env.cr.commit()
"""
TABLES = """
SELECT DISTINCT table_name FROM information_schema.columns
 WHERE table_schema = 'public' AND (table_name LIKE 'amazon%%' OR column_name LIKE 'amazon%%')
"""
NULLABLE = """
SELECT table_name || '.' || column_name, is_nullable FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name LIKE 'amazon%%'
"""
# But for what an upgrade writes of each row without meaning anything by it.
ROWS = "SELECT (to_jsonb(t) - ARRAY['write_date', 'write_uid'])::text FROM {} t WHERE {} ORDER BY 1"


def content(shop):
    """Return what is in every row of ours and in those with a column of ours, the addon's crons, all indexes, and which
    columns may be empty."""
    tables = {table: shop.sql(ROWS.format(table, "TRUE")) for [table] in shop.sql(TABLES)}
    tables["ir_cron"] = shop.sql(ROWS.format("ir_cron", "cron_name LIKE 'Amazon%%'"))
    tables["ir_filters"] = shop.sql(ROWS.format("ir_filters", "model_id LIKE 'amazon%%'"))
    tables["ir_exports_line"] = shop.sql(ROWS.format("ir_exports_line", "TRUE"))
    found = {
        (table, number, column, str(value))
        for table, texts in tables.items()
        for number, [text] in enumerate(texts)
        for column, value in json.loads(text).items()
        # That table is made by the upgrade.
        if (table, column) != ("amazon_transaction_type", "create_date")
    }
    indexes = shop.sql("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    return found | set(shop.sql(NULLABLE)) | set(indexes)


def upgraded(site):
    """Make the site's database one of the version before, and upgrade it as an administrator does: what was there is
    there, what people have set is not set back, what is computed is the same again."""
    shop = site.shop
    site.importer.code(SET_BY_PEOPLE)
    site.importer.code(SETTLED)
    before = content(shop)
    site.importer.code(FORGET)
    forgotten = {row[2] for row in before - content(shop) if len(row) > 2}
    assert {"amazon_mismatch", "amazon_api_status", "company_id"} <= forgotten
    totals = shop.sql(TOTALS.format("accepted", "selling_partner"))
    kept = shop.count(KEPT)
    shop.sql(BEFORE)
    done = subprocess.run(
        database.odoo_command("-d", shop.name, "-u", database.ADDON, "--stop-after-init", "--log-level=warn"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
    )
    ours = [line for line in done.stdout.splitlines() if re.search(" (WARNING|ERROR|CRITICAL) .*amazon", line)]
    assert not done.returncode and not ours, done.stdout[-4000:]
    assert shop.sql(TOTALS.format("accepted", "selling_partner")) == totals
    assert shop.count(KEPT) == kept
    looked = shop.sql("SELECT relname FROM pg_stat_user_tables WHERE last_analyze IS NOT NULL")
    assert {("sale_order",), ("stock_picking",), ("amazon_transaction",)} <= set(looked), "how rare a new column is"
    known = "SELECT count(*) FROM ir_model_data WHERE model = 'amazon.transaction.type' AND noupdate"
    assert (shop.value(known), shop.count(["amazon_transaction_type"])["amazon_transaction_type"]) == (19, 21)
    after = content(shop)
    assert (before - after, after - before) == (set(), set())


def test_half_sent(one_account):
    """One parcel is told, of one the answer is lost, two are not sent; of a search one page is read."""
    with ExitStack() as stack:
        [site] = shops.sites(1, parcels.ShippingSite, one_account, stack, KINDS, {}, {})
        events = site.importer.good("send")
        site.renew()
        calls = [number for number, event in enumerate(events, 1) if "/shipmentConfirmation" in event]
        site.importer.kill("send", calls[1] + 1)
        site.amazon.post("page-limit", limit=2)
        seller = {"merchant_id": site.shop.value(shops.MERCHANT)}
        more = site.amazon.place(seller, "jp_standard", 5)
        site.let_pass(5)
        site.amazon.post("faults", operation="searchOrders", kind="503_empty", times=9, after=1)
        site.shop.wait_until_alone()
        site.importer.run("fetch")
        site.amazon.control("DELETE", "faults")
        assert site.shop.value("SELECT token FROM amazon_job WHERE name = 'orders'")
        states = [state for [state] in site.shop.sql("SELECT state FROM amazon_confirmation ORDER BY id")]
        assert sorted(states) == ["done", "not_sent", "not_sent", "sending"]
        upgraded(site)
        site.importer.code("env['amazon.account'].search([]).auto_import = True")
        site.recover()
        parcels.assert_told(site.shop, site.amazon, site.numbers)
        assert sorted(site.shop.refs()) == sorted([*site.numbers, *more]), "the rest of the search was read"


def test_open_feed(one_account):
    """A feed is at Amazon, and its results are fetched; cash on delivery went beside it."""
    with ExitStack() as stack:
        settings = {"packages_delay": 300}
        [site] = shops.sites(1, parcels.ShippingSite, one_account, stack, KINDS, {"feed_threshold": 0}, settings)
        site.importer.good("send")
        assert site.shop.sql("SELECT state FROM amazon_feed") == [("submitted",)]
        upgraded(site)
        site.recover()
        parcels.assert_told(site.shop, site.amazon, site.numbers)
        assert len(site.amazon.get("feeds")) == 1
