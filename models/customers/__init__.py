"""Buyers and addresses, and what of them is personal."""

from . import mail_thread, res_partner
