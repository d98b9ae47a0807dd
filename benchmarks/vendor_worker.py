"""What a vendor's worker does: all orders together, as the addon does it, and one by one, as the baseline."""

import time
from datetime import datetime

from odoo.addons.sale_amazon_spapi.models.vendor.purchase_order import parse_purchase_order
from odoo.addons.sale_amazon_spapi.selling_partner import SearchVendorOrders, SellingPartner
from odoo.fields import Datetime

# So many deliveries leave in one transaction.
TOGETHER = 100


def connect(env, account, options):
    """Make an account for each vendor; the goods have weights, which Amazon wants to know."""
    env["product.product"].search([("is_storable", "=", True)]).weight = 0.5
    for number, vendor in enumerate(options["vendors"]):
        made = account.create(
            {
                "name": f"Vendor {number}",
                "kind": "vendor_df",
                "vendor_party": vendor["party"],
                "vendor_auto_labels": False,
                "vendor_warehouse_ids": [
                    (0, 0, {"party_ref": code, "warehouse_id": account.warehouse_id.id}) for code in ("SIMT", "SIMO")
                ],
                "region": vendor["region"],
                "environment": "custom",
                "endpoint_url": account.endpoint_url,
                "lwa_url": account.lwa_url,
                "lwa_client_id": vendor["client_id"],
                "lwa_client_secret": vendor["client_secret"],
                "refresh_token": vendor["refresh_token"],
            }
        )
        made.flush_recordset()


def all_together(env, account):
    """Do all of it as the jobs do.

    :return: seconds by step.
    """
    return _timed(env, account, (read, accept, label, leave, confirm))


def one_by_one(env, account):
    """Do the same with one order a call, each committed.

    :return: seconds by step.
    """
    with SellingPartner(account._credentials(), account._endpoint()) as amazon:
        vendor = account._vendor_api(amazon)
        steps = [lambda env, account, step=step: step(env, account, vendor) for step in EACH]
        return _timed(env, account, (*steps[:3], leave, *steps[3:]))


def _timed(env, account, steps):
    spent = {}
    for name, step in zip(("read", "accepted", "labelled", "left", "confirmed"), steps, strict=True):
        started = time.monotonic()
        step(env, account)
        env.cr.commit()
        env.invalidate_all()
        spent[name] = time.monotonic() - started
    return spent


# --- all together
def read(env, account):
    while account._fetch_vendor_orders()[-1:].state == "partial":
        pass
    env["amazon.order.update"]._drain(account)


def accept(env, account):
    account._tell_vendor()
    _follow(env, account)


def label(env, account):
    _open_deliveries(env, account).action_amazon_request_label()
    env.cr.commit()
    account._tell_vendor()
    _follow(env, account)
    while account._fetch_vendor_labels()[-1:].state == "partial":
        pass


def leave(env, account):
    """Odoo's own work, which is the same for both."""
    while some := _open_deliveries(env, account)[:TOGETHER]:
        some.with_context(skip_backorder=True, skip_sms=True).button_validate()
        env.cr.commit()
        env.invalidate_all()


def confirm(env, account):
    account._tell_vendor()
    _follow(env, account)


def _follow(env, account):
    """Ask Amazon now what became of what it was told, not in a minute."""
    env.invalidate_all()
    while transactions := env["amazon.vendor.transaction"].search([("state", "in", ("sent", "processing"))]):
        transactions.retry_at = datetime(2020, 1, 1)
        env.cr.commit()
        account._tell_vendor()
        env.invalidate_all()


def _open_deliveries(env, account):
    return env["stock.picking"].search(
        [("amazon_account_id", "=", account.id), ("state", "=", "assigned"), ("picking_type_code", "=", "outgoing")],
        order="id",
    )


# --- one by one
def read_each(env, account, vendor):
    now = Datetime.now().astimezone()
    search = SearchVendorOrders(
        created_after=now.replace(hour=0, minute=0), created_before=now, with_details=False, page_size=100
    )
    refs, token = [], None
    while True:
        page = vendor.search_orders(search, token)
        refs += [order.order_id for order in page.orders]
        token = page.next_token
        if not token:
            break
    company = account.company_id
    env = account.with_context(
        allowed_company_ids=company.ids, lang=company.partner_id.lang, mail_auto_subscribe_no_notify=True
    ).env
    orders = env["sale.order"]
    for ref in refs:
        value = parse_purchase_order(vendor.get_order(ref).payload)
        customers = env["res.partner"]._amazon_customers(account.with_env(env), [value])
        [facts] = orders._amazon_facts(account.with_env(env), [value], customers, {})
        order = orders.create(orders._amazon_create_vals(facts))
        env["amazon.order.item"]._amazon_store([(order, facts)])
        order.action_confirm()
        env.cr.commit()


def accept_each(env, account, vendor):
    orders = env["sale.order"].search([("amazon_account_id", "=", account.id)], order="id")
    orders._amazon_acknowledge(env["amazon.acknowledgement.code"]._accepting())
    _tell_each(env, account, vendor, "acknowledgement")


def label_each(env, account, vendor):
    env["amazon.vendor.submission"]._make_labels(_open_deliveries(env, account))
    for row in _tell_each(env, account, vendor, "label"):
        row._label_paper()._take(vendor.get_label(row.order_ref))
        env.cr.commit()


def confirm_each(env, account, vendor):
    _tell_each(env, account, vendor, "confirmation")


EACH = (read_each, accept_each, label_each, confirm_each)


def _tell_each(env, account, vendor, kind):
    """Tell one after the other, and ask for its transaction; return the rows."""
    rows = env["amazon.vendor.submission"].search([("account_id", "=", account.id), ("kind", "=", kind)], order="id")
    for row in rows:
        content, wrong, _hint = row._content()
        if wrong:
            raise SystemExit(wrong)
        transaction = vendor.get_transaction(row._declared()[kind].submit(vendor, [content]))
        if transaction.status != "Success":
            raise SystemExit(transaction.message)
        row._accepted()
        env.cr.commit()
    return rows
