"""What Amazon prints for the vendor's parcels: shipping labels, packing slips, customer invoices.

A page of them stays in a temporary file, from which they are read one by one: a page of labels fits in no memory.
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass, field

from .entries import Entries
from .errors import MalformedAnswer
from .reader import Reader, loads, success
from .vendor_answers import LENGTHS, read_token, unwrap

PNG, ZPL = "PNG", "ZPL"
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class LabelData:
    """The label of one parcel.

    :param package: ``packageIdentifier``; ``''`` where Amazon gives none.
    :param content: PNG, or ZPL as a printer takes it.
    """

    content: bytes = field(repr=False)
    package: str = ""
    tracking_number: str = field(default="", repr=False)
    ship_method: str = ""
    ship_method_name: str = ""


@dataclass(frozen=True, slots=True)
class ShippingLabel:
    """The labels of one purchase order.

    :param number: of the purchase order.
    :param format: :data:`PNG` or :data:`ZPL`, as agreed with Amazon, or one not known yet.
    :param labels: one a parcel; none: not ready.
    """

    number: str
    format: str
    labels: tuple[LabelData, ...]
    selling_party: str = ""
    ship_from_party: str = ""


@dataclass(frozen=True, slots=True)
class PackingSlip:
    """What is to be put into the parcels of one purchase order."""

    number: str
    content: bytes = field(repr=False)
    content_type: str = PDF


@dataclass(frozen=True, slots=True)
class CustomerInvoice:
    """The invoice for the customer of one purchase order."""

    number: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnreadablePaper:
    """One that cannot be read; ``number`` is ``''`` when not even that can."""

    number: str
    error: MalformedAnswer


class PapersPage:
    """A page of labels, slips or invoices, to be used in a ``with`` statement and iterated over.

    :param file: with the answer; is closed with the page.
    :param str name: of the list in it.
    :param read: makes a value of a :class:`.reader.Reader`.
    :ivar next_token: None on the last page.
    :ivar marks: what tells its entries from all others.
    :ivar reached: up to when (UTC) the whole search gives what was created.
    :raises MalformedAnswer: when it is no page.
    """

    def __init__(self, file, name, read, reached):
        self._file, self._read = file, read
        self._entries = Entries(file, name)
        page = unwrap(success(self._entries.rest))
        # What is no object was left in place, and is none of the entries.
        if len(page.objects(name)) != len(self._entries):
            raise MalformedAnswer(f"{name} does not hold what it should", reason="wrong_type", path=name)
        self.next_token, self.marks, self.reached = read_token(page), self._entries.digests, reached

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def close(self):
        """Give the file up."""
        self._file.close()

    def __len__(self):
        return len(self._entries)

    def __iter__(self):
        """Read one after the other; an :class:`UnreadablePaper` stands for one that cannot be read."""
        for entry in self._entries:
            yield self._value(entry)

    def _value(self, entry):
        number = ""
        try:
            reader = Reader(loads(entry), lengths=LENGTHS)
            number = reader.identifier("purchaseOrderNumber", needed=True)
            return self._read(reader)
        except MalformedAnswer as error:
            return UnreadablePaper(number, error)
        except RecursionError:
            return UnreadablePaper(number, MalformedAnswer("nested too deeply"))


def parse_paper(body, read):
    """Read the answer to a call for the papers of one purchase order.

    :param read: one of the functions below.
    :return: what it returns; None when the answer is empty, which Amazon answers while there is none.
    """
    paper = unwrap(success(body))
    return read(Reader(paper.fields, lengths=LENGTHS)) if paper else None


def read_label(label):
    """Read a :class:`ShippingLabel`."""
    return ShippingLabel(
        number=label.identifier("purchaseOrderNumber", needed=True),
        format=label.text("labelFormat").upper(),
        labels=tuple(map(_label_data, label.objects("labelData"))),
        selling_party=label.object("sellingParty").identifier("partyId"),
        ship_from_party=label.object("shipFromParty").identifier("partyId"),
    )


def _label_data(label):
    return LabelData(
        content=_content(label),
        package=label.identifier("packageIdentifier"),
        tracking_number=label.identifier("trackingNumber"),
        ship_method=label.identifier("shipMethod"),
        ship_method_name=label.text("shipMethodName"),
    )


def read_packing_slip(slip):
    """Read a :class:`PackingSlip`."""
    return PackingSlip(
        number=slip.identifier("purchaseOrderNumber", needed=True),
        content=_content(slip),
        content_type=slip.text("contentType") or PDF,
    )


def read_customer_invoice(invoice):
    """Read a :class:`CustomerInvoice`."""
    return CustomerInvoice(invoice.identifier("purchaseOrderNumber", needed=True), _content(invoice))


def _content(paper):
    return paper.get("content", "a document in base64", _decoded, needed=True)


def _decoded(text):
    if not isinstance(text, str):
        raise ValueError("not text")
    try:
        # Lines are usual in base64, anything else is none of it.
        return b64decode("".join(text.split()), validate=True) or None
    except binascii.Error:
        raise ValueError("not base64") from None
