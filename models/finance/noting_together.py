"""What Odoo notes on orders and invoices of which many are paid at once.

Odoo posts a message on each order and each invoice, for which it looks up whom to notify: that takes longer than paying
them. Here they are written together, as notes; nobody is notified of each of thousands.
"""

from contextlib import contextmanager

from odoo import models

from ...ours import Noted, noted

# What is said of a record, by model: (record, text, what has changed).
KEY = "amazon_paid_notes"


@contextmanager
def noting_together(env):
    """Write together what is noted within.

    :param env: an environment.
    :return: the environment in which to pay.
    """
    notes = Noted({"sale.order": [], "account.move": []})
    paying = env(context={**env.context, KEY: notes})
    yield paying
    # What has changed on invoices is known only then.
    paying.flush_all()
    paying["account.move"]._track_finalize()
    for model, texts in notes.items():
        _write(env[model].sudo(), texts)  # sudo: notes are written with whatever they are on


def _write(records, texts):
    """Write notes.

    :param records: the model, without records.
    :param texts: see :data:`KEY`; of a record several may be told, each by itself.
    """
    while texts:
        now = {}
        for record_id, body, changes in texts:
            now.setdefault(record_id, (body, changes))
        rest = [text for text in texts if now[text[0]] != text[1:]]
        messages = records.browse(now)._message_log_batch({record_id: body for record_id, (body, _) in now.items()})
        records.env["mail.tracking.value"].create(
            [
                {**values, "mail_message_id": message.id}
                for message in messages
                for _create, _id, values in now[message.res_id][1] or ()
            ]
        )
        texts = rest


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def message_post(self, *, body="", **options):
        if notes := noted(self.env, KEY):
            notes["sale.order"].append((self.id, body, ()))
            return self.env["mail.message"]
        return super().message_post(body=body, **options)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _track_subtype(self, init_values):
        if noted(self.env, KEY):
            return False
        return super()._track_subtype(init_values)

    def _message_log(self, *, body="", tracking_value_ids=False, **options):
        if notes := noted(self.env, KEY):
            notes["account.move"].append((self.id, body, tracking_value_ids or ()))
            return self.env["mail.message"]
        return super()._message_log(body=body, tracking_value_ids=tracking_value_ids, **options)
