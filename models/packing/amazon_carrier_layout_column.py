from odoo import api, fields, models
from odoo.exceptions import ValidationError

CONTENTS = [
    ("empty", "Nothing"),
    ("text", "Always the Same Text"),
    ("label_kind", "Kind of Label"),
    ("reference", "Number of the Delivery"),
    ("short_reference", "Short Number of the Delivery"),
    ("order_ref", "Amazon Order Number"),
    ("order_name", "Number of the Order"),
    ("ship_on", "Ship Date"),
    ("deliver_on", "Deliver by"),
    ("name", "Recipient"),
    ("company", "Recipient's Company"),
    ("phone", "Recipient's Phone"),
    ("zip", "Recipient's Postal Code"),
    ("address", "Recipient's Address"),
    ("building", "Recipient's Building"),
    ("whole_address", "Recipient's Address and Building"),
    ("sender_name", "Sender"),
    ("sender_phone", "Sender's Phone"),
    ("sender_zip", "Sender's Postal Code"),
    ("sender_address", "Sender's Address"),
    ("sender_building", "Sender's Building"),
    ("sender_whole_address", "Sender's Address and Building"),
    ("goods", "Contents"),
    ("units", "Number of Units"),
    ("instructions", "Delivery Instructions"),
    ("cod_amount", "Amount to Collect"),
    ("cod_tax", "Tax in It"),
]
#: What may be spread over several columns; everything else is whole or not there.
SPREAD = {
    "name",
    "company",
    "address",
    "building",
    "whole_address",
    "sender_name",
    "sender_address",
    "sender_building",
    "sender_whole_address",
    "goods",
    "instructions",
}
#: What has a text of the column's own.
WITH_TEXT = {"text", "label_kind"}
#: What may be cut off without a word: the slip in the parcel has it.
NOT_SAID = {"goods"}


class AmazonCarrierLayoutColumn(models.Model):
    """A column of the file that a carrier's program reads."""

    _name = "amazon.carrier.layout.column"
    _inherit = "amazon.guard"
    _description = "Column of a Carrier's Program"
    _order = "layout_id, sequence, id"
    _rec_name = "heading"

    layout_id = fields.Many2one("amazon.carrier.layout", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    heading = fields.Char()
    content = fields.Selection(CONTENTS, required=True, default="empty")
    text = fields.Char()
    cod_text = fields.Char("If Paid on Delivery", help="The text instead, for parcels that are paid on delivery")
    width = fields.Integer(
        help="In characters of half width, 0 for no limit; a Japanese character counts as two. What does not fit goes"
        " into the next column with the same content."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("width")
    def _check_width(self):
        for column in self:
            if not 0 <= column.width <= 1000:
                raise ValidationError(
                    self.env._("The width of “%s” is not between 0 and 1,000.", column.heading or "–")
                )

    # === BUSINESS METHODS === #

    def _usual_text(self, facts):
        """Return the text that stands in this column whatever is in the parcel.

        :param dict facts: see :meth:`stock.picking._amazon_label_facts`.
        :rtype: str
        """
        if facts["is_cod"] and self.cod_text:
            return self.cod_text
        return (facts["label_kind"] if self.content == "label_kind" else "") or self.text or ""
