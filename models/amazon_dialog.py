from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Command


class AmazonDialog(models.AbstractModel):
    """What the dialogs about orders have in common: whoever fills one in can write any number into it, and a dialog
    shows what its records are. So it takes only those that the user may read, and says nothing of the others."""

    _name = "amazon.dialog"
    _description = "Dialog about Amazon Orders"

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """Refuse such records in the context's defaults, too."""
        values = super().default_get(fields)
        self._check_may_read([values])
        return values

    @api.model_create_multi
    def create(self, vals_list):
        self._check_may_read(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_may_read([vals])
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        self._check_may_read([values])
        return super().onchange(values, field_names, fields_spec)

    # === BUSINESS METHODS === #

    @api.model
    def _check_may_read(self, vals_list):
        """Refuse records that the user may not read.

        :param list vals_list: as of :meth:`create`.
        :raise AccessError: which tells nothing about them.
        """
        if self.env.su:
            return
        for model, ids in self._named(vals_list).items():
            records = self.env[model].browse(ids)
            if records - records._filtered_access("read"):
                raise AccessError(self.env._("You have no access to some of these records."))

    @api.model
    def _named(self, vals_list):
        """Return which records the values name, those of the lines included.

        :rtype: dict[str, set[int]]
        """
        named, lines = defaultdict(set), defaultdict(list)
        for vals in vals_list:
            for name, value in vals.items():
                field = self._fields.get(name)
                if field and field.type == "many2one" and isinstance(value, int) and value:
                    named[field.comodel_name].add(value)
                elif field and field.type in ("one2many", "many2many"):
                    for command in value or []:
                        ids, line = _read_command(command)
                        named[field.comodel_name].update(ids)
                        lines[field.comodel_name] += [line] if line else []
        for model, of_lines in lines.items():
            if hasattr(self.env[model], "_named"):
                for comodel, ids in self.env[model]._named(of_lines).items():
                    named[comodel] |= ids
        return named


def _read_command(command):
    """Return (the ids that a command of an x2many names, the values that it writes)."""
    if isinstance(command, int):
        return [command], None
    code, record_id, value = (*command, None, None)[:3]
    if code == Command.SET:
        return value, None
    ids = [record_id] if isinstance(record_id, int) and record_id and code in (Command.UPDATE, Command.LINK) else []
    return ids, value if code in (Command.CREATE, Command.UPDATE) else None
