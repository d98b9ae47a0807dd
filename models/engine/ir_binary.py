from odoo import models


class IrBinary(models.AbstractModel):
    _inherit = "ir.binary"

    def _get_stream_from(
        self, record, field_name="raw", filename=None, filename_field="name", mimetype=None, *args, **kwargs
    ):
        """Hand Amazon's documents over as files to keep, whatever is in them and whatever type the address asks for."""
        model = record.res_model if record._name == "ir.attachment" else record._name
        if model in self._amazon_only_files():
            mimetype = "application/octet-stream"
        return super()._get_stream_from(record, field_name, filename, filename_field, mimetype, *args, **kwargs)

    def _amazon_only_files(self):
        """Return the models with what Amazon wrote, or what goes to Amazon: no browser may take it for a page of ours.

        :rtype: tuple[str]
        """
        return ("amazon.feed", "amazon.confirmation.file.part")
