from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

KINDS = ("label", "slip", "invoice")


class VendorPapers(http.Controller):
    """What Amazon prints for a vendor, for several deliveries in one."""

    @http.route("/amazon/papers/<string:kind>", type="http", auth="user", methods=["GET"])
    def papers(self, kind, deliveries="", **_ignored):
        """Hand over what is printed.

        :param str kind: label, slip or invoice.
        :param str deliveries: the ids of the ``stock.picking``, with commas between them.
        """
        ids = [int(text) for text in deliveries.split(",") if text.isdecimal() and len(text) < 10]
        pickings = request.env["stock.picking"].browse(ids).exists()
        if kind not in KINDS or not pickings:
            raise request.not_found()
        try:
            name, mimetype, content = pickings._amazon_printed(kind)
        except UserError as error:
            return request.make_response(str(error), [("Content-Type", "text/plain; charset=utf-8")], status=409)
        shown = "inline" if mimetype == "application/pdf" else "attachment"
        return request.make_response(
            content,
            [
                ("Content-Type", mimetype),
                ("Content-Disposition", content_disposition(name, shown)),
                ("X-Content-Type-Options", "nosniff"),
                # The buyer's address is on it.
                ("Cache-Control", "no-store"),
            ],
        )
