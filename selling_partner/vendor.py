"""Vendor Direct Fulfillment: orders, labels, confirmations and stock of a vendor whose goods Amazon sells.

Two versions, 2021-12-28 and v1, of which one is chosen for all calls: they have the same operations, in other wrappers.
Source: vendorDirectFulfillment*.json of Amazon's models, and the use case guides.

Orders come as received; what is in one: :func:`.vendor_orders.parse_vendor_order`. What is submitted is accepted with
202 and the id of a transaction, which says nothing: what became of it is asked with :meth:`Vendor.get_transaction`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from tempfile import TemporaryFile

from .api import Api
from .errors import BadRequest, LabelExists, MalformedAnswer, TokenRefused, check
from .orders import ReceivedOrder
from .reader import as_list, success
from .searches import Search, stamp
from .vendor_answers import LENGTHS, V1, VERSIONS, read_token, unwrap
from .vendor_orders import STATUSES
from .vendor_papers import PapersPage, parse_paper, read_customer_invoice, read_label, read_packing_slip

#: The longest window of a search.
LONGEST_SPAN = timedelta(days=7)

PROCESSING, SUCCESS, FAILURE = "Processing", "Success", "Failure"
#: What Amazon's codes of a failed transaction mean: a stable key for advice in plain words.
FAILURE_HINTS = {
    "EMPTY_PACKAGES": "vendor_packages",  # the confirmation has no containers
    "NotAvailable": "vendor_unknown",  # Amazon does not say why; often wrong containers
    "INTERNAL_SERVER_ERROR": "vendor_again",  # Amazon's own trouble: submit again, later
}


class Vendor(Api):
    """``amazon.vendor(version)``.

    :param str version: one of :data:`VERSIONS`.
    """

    def __init__(self, partner, version):
        super().__init__(partner)
        if version not in VERSIONS:
            raise BadRequest(f"no version {version}", code="InvalidInput")
        self.version = version

    # --- orders ----------------------------------------------------------------------------------------------------
    def search_orders(self, search, token=None):
        """Get one page of purchase orders (getOrders).

        :param SearchVendorOrders search: the same for every page of a search.
        :param str token: the page before's ``next_token``.
        :return: :class:`VendorOrdersPage`.
        :raises BadRequest: when ``search`` breaks Amazon's rules; nothing was sent.
        :raises TokenRefused: when Amazon does not take the token: start the same search from its first page.
        """
        return self._search(search, token, lambda body: parse_orders_page(body, search.created_before))

    def get_order(self, number):
        """Get one purchase order (getOrder).

        :param str number: of the purchase order.
        :return: :class:`.orders.ReceivedOrder`.
        :raises NotFound: when Amazon does not know it.
        """
        order = self._get("getOrder.vendor", number, parse_received_order)
        return self._checked("getOrder.vendor", number, order, order.order_id)

    def acknowledge(self, acknowledgements):
        """Accept or reject purchase orders (submitAcknowledgement), each as a whole.

        :param acknowledgements: :class:`.vendor_submissions.Acknowledgement` values, of one order each.
        :return: the transaction's id.
        :raises BadRequest: with ``sent`` False when one breaks Amazon's rules: then nothing was sent.
        :raises RetryLater: with ``sent`` True Amazon may have it all the same: ask for the orders' status; likewise
            ``MalformedAnswer``.
        """
        return self._submit("submitAcknowledgement", "orderAcknowledgements", acknowledgements)

    # --- parcels ---------------------------------------------------------------------------------------------------
    def request_labels(self, requests):
        """Have Amazon make shipping labels, a while later (submitShippingLabelRequest).

        :param requests: :class:`.vendor_submissions.LabelRequest` values, of one order each.
        :return: the transaction's id.
        :raises BadRequest: as :meth:`acknowledge`; likewise the others.
        """
        return self._submit("submitShippingLabelRequest", "shippingLabelRequests", requests)

    def create_labels(self, request):
        """Have Amazon make the shipping labels of one order at once (createShippingLabels); not in v1.

        :param LabelRequest request: see :class:`.vendor_submissions.LabelRequest`.
        :return: :class:`.vendor_papers.ShippingLabel`; None when Amazon's answer is empty: it is not ready.
        :raises LabelExists: get it with :meth:`get_label`.
        :raises RetryLater: with ``sent`` True Amazon may have made it all the same.
        """
        operation = "createShippingLabels"
        check(operation, [self.version == V1 and "version v1 makes no labels at once"])
        request.validate()
        body = request.details(self.version)
        return self._paper(operation, request.number, read_label, body=body, meanings={409: LabelExists})

    def search_labels(self, search, token=None):
        """Get one page of shipping labels (getShippingLabels), which may be large: it stays in a file.

        :param SearchLabels search: the same for every page of a search.
        :param str token: the page before's ``next_token``.
        :return: :class:`.vendor_papers.PapersPage` of :class:`.vendor_papers.ShippingLabel`, to be used in a ``with``
            statement.
        :raises TokenRefused: when Amazon does not take the token: start the same search from its first page.
        """
        return self._papers(search, token, "shippingLabels", read_label)

    def get_label(self, number):
        """Get the shipping labels of one order (getShippingLabel).

        :return: :class:`.vendor_papers.ShippingLabel`; None while Amazon's answer is empty, although there may be one:
            of orders with several lines of one product it may stay so.
        :raises NotFound: when Amazon knows of none.
        """
        return self._paper("getShippingLabel", number, read_label)

    def confirm(self, confirmations):
        """Tell Amazon what has left, or never will (submitShipmentConfirmations).

        :param confirmations: :class:`.vendor_submissions.Confirmation` values, of one order each.
        :return: the transaction's id.
        """
        return self._submit("submitShipmentConfirmations", "shipmentConfirmations", confirmations)

    def update_status(self, updates):
        """Tell Amazon where parcels are (submitShipmentStatusUpdates).

        :param updates: :class:`.vendor_submissions.StatusUpdate` values, of one parcel each.
        :return: the transaction's id.
        """
        return self._submit("submitShipmentStatusUpdates", "shipmentStatusUpdates", updates)

    # --- papers ----------------------------------------------------------------------------------------------------
    def search_packing_slips(self, search, token=None):
        """Get one page of packing slips (getPackingSlips), as :meth:`search_labels`.

        :param SearchPackingSlips search: the same for every page of a search.
        :return: :class:`.vendor_papers.PapersPage` of :class:`.vendor_papers.PackingSlip`.
        """
        return self._papers(search, token, "packingSlips", read_packing_slip)

    def get_packing_slip(self, number):
        """Get the packing slip of one order (getPackingSlip).

        :return: :class:`.vendor_papers.PackingSlip`; None when there is none, as is usual where none is required.
        """
        return self._paper("getPackingSlip", number, read_packing_slip)

    def search_invoices(self, search, token=None):
        """Get one page of customer invoices (getCustomerInvoices), as :meth:`search_labels`; in India only.

        :param SearchInvoices search: the same for every page of a search.
        :return: :class:`.vendor_papers.PapersPage` of :class:`.vendor_papers.CustomerInvoice`.
        """
        return self._papers(search, token, "customerInvoices", read_customer_invoice)

    def get_invoice(self, number):
        """Get the customer invoice of one order (getCustomerInvoice).

        :return: :class:`.vendor_papers.CustomerInvoice`, or None when there is none.
        """
        return self._paper("getCustomerInvoice", number, read_customer_invoice)

    # --- stock -----------------------------------------------------------------------------------------------------
    def update_inventory(self, update):
        """Tell Amazon what a warehouse can ship (submitInventoryUpdate), which has one version only.

        :param InventoryUpdate update: see :class:`.vendor_submissions.InventoryUpdate`.
        :return: the transaction's id.
        """
        update.validate()
        return self._call(
            update.operation,
            parse_transaction_id,
            path={"warehouseId": update.warehouse},
            body={"inventory": update.body(self.version)},
            success=(202,),
        )

    # --- transactions ----------------------------------------------------------------------------------------------
    def get_transaction(self, transaction_id):
        """Ask what became of a submission (getTransactionStatus).

        :return: :class:`VendorTransaction`.
        :raises NotFound: when Amazon knows no such transaction.
        :raises RetryLater: which says nothing of the submission.
        """
        operation = "getTransactionStatus"
        path = {"transactionId": transaction_id, "version": self.version}
        transaction = self._call(operation, parse_transaction_status, path=path)
        return self._checked(operation, transaction_id, transaction, transaction.transaction_id)

    # --- what they have in common ----------------------------------------------------------------------------------
    def _search(self, search, token, reader, **facts):
        search.validate()
        return self._call(
            search.operation,
            reader,
            path={"version": self.version},
            query=search.parameters(token),
            meanings={400: TokenRefused} if token else None,
            **facts,
        )

    def _get(self, operation, number, reader, **facts):
        return self._call(operation, reader, path={"purchaseOrderNumber": number, "version": self.version}, **facts)

    def _paper(self, operation, number, read, **facts):
        """Get what there is to print of one order; None when the answer is empty."""
        paper = self._get(operation, number, lambda body: parse_paper(body, read), **facts)
        return paper and self._checked(operation, number, paper, paper.number)

    def _papers(self, search, token, name, read):
        file = TemporaryFile()
        try:
            return self._search(
                search, token, lambda _body: PapersPage(file, name, read, search.created_before), file=file
            )
        except BaseException:
            file.close()
            raise

    def _checked(self, operation, wanted, answer, given):
        if given != wanted:
            raise MalformedAnswer("another one than the one asked for", operation=operation, sent=True)
        return answer

    def _submit(self, operation, name, entries):
        """Submit a list of what can be validated and written.

        :param str name: Amazon's, of the list.
        :return: the transaction's id.
        """
        entries = list(entries)
        check(operation, [not entries and "nothing to submit"])
        for entry in entries:
            entry.validate()
        body = {name: [entry.body(self.version) for entry in entries]}
        return self._call(operation, parse_transaction_id, path={"version": self.version}, body=body, success=(202,))


# --- searching -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class VendorSearch(Search):
    """The parameters of one search, which must not change from its first page to its last.

    :param created_after: what became available after it, at most 7 days before ``created_before``.
    :param created_before: what became available before it.
    :param ship_from_party: the party id of a warehouse; ``''``: of all.
    :param sort_order: by creation: ``ASC`` or ``DESC``.
    :param page_size: 1 to 100.
    :cvar most: the largest page.
    """

    times = ("created_after", "created_before")
    most = 100

    created_after: datetime
    created_before: datetime
    ship_from_party: str = ""
    sort_order: str = "ASC"
    page_size: int = 100

    def _problems(self):
        """Yield what breaks Amazon's rules."""
        after, before = self.created_after, self.created_before
        yield not (after and before) and "createdAfter and createdBefore are needed"
        yield self._lacks_time_zone() and "times need a time zone"
        yield before <= after and "the window ends before it begins"
        yield before - after > LONGEST_SPAN and f"the window is longer than {LONGEST_SPAN.days} days"
        yield self.sort_order not in ("ASC", "DESC") and "not a way to sort"
        yield not 1 <= self.page_size <= self.most and f"limit must be 1 to {self.most}"

    def parameters(self, token=None):
        """Name the parameters as Amazon does.

        :param str token: ``nextToken``; the other parameters stay those of the first page.
        :return: ``dict`` of ``str``.
        """
        given = {
            "shipFromPartyId": self.ship_from_party,
            "limit": str(self.page_size),
            "createdAfter": stamp(self.created_after),
            "createdBefore": stamp(self.created_before),
            "sortOrder": self.sort_order,
            "nextToken": token,
            **self._others(),
        }
        return {name: value for name, value in given.items() if value}

    def _others(self):
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchVendorOrders(VendorSearch):
    """A search for purchase orders; see :class:`VendorSearch`.

    :param status: one of :data:`.vendor_orders.STATUSES`; ``''``: of any.
    :param with_details: otherwise there is nothing but the orders' numbers.
    """

    operation = "getOrders"

    status: str = ""
    with_details: bool = True

    def _problems(self):
        yield from VendorSearch._problems(self)
        yield self.status and self.status not in STATUSES and "not a status"

    def _others(self):
        return {"status": self.status, "includeDetails": "true" if self.with_details else "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchLabels(VendorSearch):
    """A search for shipping labels, by when they became available; see :class:`VendorSearch`."""

    operation = "getShippingLabels"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPackingSlips(VendorSearch):
    """A search for packing slips of the last six months; see :class:`VendorSearch`."""

    operation = "getPackingSlips"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchInvoices(VendorSearch):
    """A search for customer invoices of the last six months, by when the orders became available.

    Amazon's guide allows 10 on a page, its model 100; see :class:`VendorSearch`.
    """

    operation = "getCustomerInvoices"
    most = 10

    page_size: int = 10


# --- what comes back -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class VendorOrdersPage:
    """One page of purchase orders.

    :param orders: :class:`.orders.ReceivedOrder` values, which say nothing of their last change: nor does Amazon.
    :param next_token: None on the last page.
    :param reached: UTC; up to when the whole search gives what was created.
    """

    orders: tuple[ReceivedOrder, ...]
    next_token: str | None = field(default=None, repr=False)
    reached: datetime | None = None

    @property
    def marks(self):
        """What tells its entries from all others."""
        return tuple(order.digest for order in self.orders)


@dataclass(frozen=True, slots=True)
class TransactionError:
    """Why Amazon did not do what was submitted, or a part of it.

    :param message: Amazon's own words.
    """

    code: str
    message: str
    details: str = ""

    @property
    def hint(self):
        """One of the values of :data:`FAILURE_HINTS`; ``''`` where the code is not known."""
        return FAILURE_HINTS.get(self.code, "")


@dataclass(frozen=True, slots=True)
class VendorTransaction:
    """What became of a submission.

    :param status: :data:`PROCESSING`, :data:`SUCCESS`, :data:`FAILURE`, or one not known yet.
    :param errors: of a failure; it may have none.
    """

    transaction_id: str
    status: str
    errors: tuple[TransactionError, ...] = ()

    @property
    def is_final(self):
        return self.status in (SUCCESS, FAILURE)

    @property
    def message(self):
        """What Amazon says, one error a line."""
        texts = (": ".join(filter(None, (error.code, error.message, error.details))) for error in self.errors)
        return "\n".join(texts)


# --- reading -------------------------------------------------------------------------------------------------------
def parse_orders_page(body, reached):
    """Read the answer to getOrders.

    :param reached: see :class:`VendorOrdersPage`.
    :raises MalformedAnswer: when it is not a page: no list of orders, or a token that cannot be used.
    """
    page = unwrap(success(body, literal=True))
    entries = page.get("orders", "a list", as_list, needed=True)
    return VendorOrdersPage(tuple(map(_received, entries)), read_token(page), reached)


def parse_received_order(body):
    """Read the answer to getOrder.

    :return: :class:`.orders.ReceivedOrder`.
    """
    order = unwrap(success(body, literal=True))
    if not order:
        raise MalformedAnswer("the order is missing", reason="missing")
    return _received(order.fields)


def _received(entry):
    return ReceivedOrder.of(entry, "purchaseOrderNumber", LENGTHS["purchaseOrderNumber"])


def parse_transaction_id(body):
    """Read the answer to whatever is submitted."""
    return unwrap(success(body)).identifier("transactionId", needed=True)


def parse_transaction_status(body):
    """Read the answer to getTransactionStatus.

    :return: :class:`VendorTransaction`.
    """
    status = unwrap(success(body)).object("transactionStatus")
    return VendorTransaction(
        transaction_id=status.identifier("transactionId", needed=True),
        status=status.text("status", needed=True),
        errors=tuple(
            TransactionError(error.text("code"), error.text("message"), error.text("details"))
            for error in _errors(status)
        ),
    )


def _errors(status):
    """Return the errors: v1 has a list, 2021-12-28 an object with one."""
    return (status.object("errors") if isinstance(status.fields.get("errors"), dict) else status).objects("errors")
