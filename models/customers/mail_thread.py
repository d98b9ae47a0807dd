from odoo import models


class MailThread(models.AbstractModel):
    """What Odoo itself says about Amazon's records: on them in the company's language, to a person in the person's;
    whoever caused it, and in whatever language jobs run."""

    _inherit = "mail.thread"

    def _amazon_is_about_amazon(self):
        return self._name.startswith("amazon.") or any(
            record.amazon_account_id for record in self if "amazon_account_id" in self._fields
        )

    def _amazon_lang_here(self):
        """Return the language of what stands on this record."""
        company = self.company_id if "company_id" in self._fields else self.env.company
        return (company or self.env.company)._amazon_lang()

    def _creation_message(self):
        if self._amazon_is_about_amazon():
            self = self.with_context(lang=self._amazon_lang_here())
        return super()._creation_message()

    def _mail_track(self, tracked_fields, initial_values):
        if self._amazon_is_about_amazon() and (lang := self._amazon_lang_here()) != self.env.lang:
            self = self.with_context(lang=lang)
            # Odoo keeps the words of a selection as they are now.
            words = self.fields_get(tracked_fields, ["selection"])
            tracked_fields = {name: {**values, **words[name]} for name, values in tracked_fields.items()}
        return super()._mail_track(tracked_fields, initial_values)

    def _message_auto_subscribe_notify(self, partner_ids, template):
        if not self._amazon_is_about_amazon():
            return super()._message_auto_subscribe_notify(partner_ids, template)
        # sudo: only the languages of who is told
        for lang, partners in self.env["res.partner"].sudo().browse(partner_ids).grouped("lang").items():
            said = self.with_context(lang=lang or self.env.company._amazon_lang())
            super(MailThread, said)._message_auto_subscribe_notify(partners.ids, template)
        return None
