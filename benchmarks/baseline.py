"""The import that others are measured against: what the known connectors do.

One order at a time: one getOrder call, the customer, the address and the order with its lines by plain ORM
calls with tracking on, confirmed and reserved as Odoo does it, committed. The values written are the addon's
own, so that the rows can be compared; nothing of what makes the addon fast is used.
"""

from odoo.addons.sale_amazon_spapi.models.customers import address as postal
from odoo.addons.sale_amazon_spapi.selling_partner import SearchOrders, SellingPartner, parse_order
from odoo.fields import Datetime


def import_one_by_one(account):
    """Import everything Amazon has for the account.

    :return: how many orders were made.
    """
    company = account.company_id
    # Nobody is mailed about each order here either.
    env = account.with_context(
        allowed_company_ids=company.ids,
        lang=company.partner_id.lang or account.env.lang,
        mail_auto_subscribe_no_notify=True,
    ).env
    count = 0
    # No usage plan is kept here, so that none of it is counted against the baseline.
    with SellingPartner(account._credentials(), account._endpoint()) as amazon:
        for ref in listed(account, amazon):
            build(env, account.with_env(env), parse_order(amazon.orders.get(ref).payload))
            env.cr.commit()
            count += 1
    return count


def listed(account, amazon):
    """Return the ids of all orders."""
    search = SearchOrders(
        last_updated_after=Datetime.to_datetime("2020-01-01").astimezone(),
        marketplace_ids=tuple(account.marketplace_ids.mapped("api_ref")),
    )
    refs, token = [], None
    while True:
        page = amazon.orders.search(search, token)
        refs += [order.order_id for order in page.orders]
        token = page.next_token
        if not token:
            return refs


def build(env, account, value):
    """Make and confirm one order."""
    Order = env["sale.order"]
    customers = {value.order_id: customer(env["res.partner"], account, value)}
    [facts] = Order._amazon_facts(account, [value], customers, {})
    Order.create(Order._amazon_create_vals(facts)).action_confirm()


def customer(Partner, account, value):
    """Find or make the buyer, make the address.

    :return: (buyer, delivery address).
    """
    places = Partner._amazon_places([value.address])
    digest = Partner._amazon_hash_of("email", postal.normalize_email(value.buyer_email))
    buyer = Partner.search([("amazon_hash", "=", digest), ("amazon_account_id", "=", account.id)], limit=1)
    if not buyer:
        buyer = Partner.create({**Partner._amazon_buyer_vals(account, value, places), "amazon_hash": digest})
    delivery = Partner.create(
        {
            **Partner._amazon_address_vals(account, buyer, value, places[value.address]),
            "amazon_hash": Partner._amazon_address_hash(buyer, value),
        }
    )
    return buyer, delivery
