"""The booking that others are measured against: an entry line for each row of Amazon's report, as published importers
do it."""

import csv
import io

from odoo import Command
from odoo.addons.sale_amazon_spapi.selling_partner import REPORT_TYPE_SETTLEMENTS, SellingPartner
from odoo.fields import Datetime


def book(env, account):
    """Fetch an account's report, make an entry of all its rows, post it, and pay each order's invoice with it.

    :return: how many rows there were.
    """
    account._set_up_booking()
    journal = account._booking_journal(account.company_id.currency_id)
    ledger = {rule.kind: rule.ledger_account_id.id for rule in account.booking_rule_ids}
    summary, *rows = _rows(account)
    total = int(summary["total-amount"])
    lines = [{"name": "Payout", "account_id": ledger["transfer"], "debit": total}]
    lines += [_line(env, row, ledger) for row in rows]
    entry = env["account.move"].create(
        {
            "journal_id": journal.id,
            "date": summary["settlement-end-date"][:10],
            "line_ids": [Command.create(line) for line in lines],
        }
    )
    entry.action_post()
    env.cr.commit()
    for ref in dict.fromkeys(row["order-id"] for row in rows):
        invoice = env["sale.order"].search([("amazon_order_ref", "=", ref)]).invoice_ids
        receivable = invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        mine = entry.line_ids.filtered(
            lambda line, ref=ref, receivable=receivable: line.name == ref and line.account_id == receivable.account_id
        )
        (receivable | mine).reconcile()
        env.cr.commit()
        env.invalidate_all()
    return len(rows)


def _rows(account):
    with SellingPartner(account._credentials(), account._endpoint()) as amazon:
        since = Datetime.to_datetime("2020-01-01").astimezone()
        [report] = amazon.reports.search([REPORT_TYPE_SETTLEMENTS], since).reports
        with amazon.reports.download(report.document_id) as document:
            return list(csv.DictReader(io.StringIO(document.file.read().decode()), delimiter="\t"))


def _line(env, row, ledger):
    """Return the entry line of a row; what the buyer has paid is searched by the order's number."""
    amount = int(row["amount"])
    values = {"name": row["order-id"], "debit": max(-amount, 0), "credit": max(amount, 0)}
    if row["amount-type"] != "ItemPrice":
        return {**values, "account_id": ledger["commission"]}
    order = env["sale.order"].search([("amazon_order_ref", "=", row["order-id"])], limit=1)
    receivable = order.invoice_ids.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
    return {**values, "partner_id": order.partner_id.id, "account_id": receivable.account_id.id}
