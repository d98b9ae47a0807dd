import json
from xml.sax.saxutils import escape

from odoo.tests import tagged

from .common_confirmation import ConfirmationCase

WORDS = {
    "processed": "MessagesProcessed",
    "successful": "MessagesSuccessful",
    "errors": "MessagesWithError",
    "warnings": "MessagesWithWarning",
}
WORDS_JSON = {
    "processed": "messagesProcessed",
    "successful": "messagesAccepted",
    "errors": "messagesInvalid",
    "warnings": "warnings",
}
ALL_WELL = {"processed": 3, "successful": 3, "errors": 0, "warnings": 0}
ONE_WRONG = {"processed": 3, "successful": 2, "errors": 1, "warnings": 0}
# Amazon does not say which.
ELSEWHERE = 424242


def xml_report(counts, results, status="Complete"):
    """Return an XML report, results as (message id or None, ResultCode, text)."""
    summary = "".join(f"<{WORDS[name]}>{count}</{WORDS[name]}>" for name, count in counts.items())
    summary = f"<ProcessingSummary>{summary}</ProcessingSummary>" if counts else ""
    lines = "".join(
        f"<Result>{f'<MessageID>{message}</MessageID>' if message is not None else ''}<ResultCode>{code}</ResultCode>"
        f"<ResultMessageCode>18028</ResultMessageCode><ResultDescription>{escape(text)}</ResultDescription></Result>"
        for message, code, text in results
    )
    return (
        "<AmazonEnvelope><MessageType>ProcessingReport</MessageType><Message><MessageID>1</MessageID>"
        f"<ProcessingReport><StatusCode>{status}</StatusCode>{summary}{lines}</ProcessingReport></Message>"
        "</AmazonEnvelope>"
    )


def json_report(counts, results, status="Complete"):
    """Return the same as JSON."""
    issues = [
        {
            **({} if message is None else {"messageId": message}),
            "severity": code.upper(),
            "code": "18028",
            "message": text,
        }
        for message, code, text in results
    ]
    return json.dumps({"summary": {WORDS_JSON[name]: count for name, count in counts.items()}, "issues": issues})


XML = (xml_report, "text/xml; charset=UTF-8")
JSON = (json_report, "application/json; charset=UTF-8")


@tagged("post_install", "-at_install")
class TestFeedReport(ConfirmationCase):
    """What a report says is believed; what it does not say is asked for, order by order (rule 2)."""

    def setUp(self):
        super().setUp()
        self.account.feed_threshold = 0
        self.amazon.post("settings", feed_seconds=None)

    def reported(self, counts, results, writer, content_type, lost=(), **arguments):
        """Send three confirmations in a feed and have Amazon report on it.

        :param list results: as of :func:`xml_report`, with the number of the parcel (0, 1, 2) for its message's id.
        :param lost: the numbers of the parcels that Amazon does not take, because the order is cancelled.
        :return: the rows.
        """
        rows = self.deliver_all(self.imported(count=3).picking_ids).amazon_confirmation_ids.sorted("id")
        for number in lost:
            self.amazon.post(f"orders/{rows[number].order_ref}/cancel")
        self.send()
        results = [
            (rows[message].id if message in (0, 1, 2) else message, code, text) for message, code, text in results
        ]
        self.amazon.post(
            f"feeds/{rows.feed_id.feed_ref}/process",
            report=writer(counts, results, **arguments),
            report_type=content_type,
        )
        self.amazon.control("DELETE", "requests")
        self.fetch()
        return rows

    def asked_out(self):
        """Let the time pass for which Amazon is asked."""
        for minutes in (3, 20):
            with self.later(minutes):
                self.fetch()

    def check(self, counts, results, asked, states, lost=(), formats=(XML,), **arguments):
        """See how many orders are asked for at first, and how the parcels end; return the rows of the last format."""
        for writer, content_type in formats:
            with self.subTest(counts=counts, results=results, writer=writer.__name__):
                rows = self.reported(counts, results, writer, content_type, lost, **arguments)
                self.assertEqual(self.calls("getOrder"), asked)
                self.asked_out()
                self.assertEqual(rows.mapped("state"), states, rows.mapped("message"))
                self.assertEqual(rows.feed_id.state, "failed" if states == ["rejected"] * 3 else "done")
                for number, row in enumerate(rows):
                    self.assertEqual(len(self.packages(row.order_id)), number not in lost)
        return rows

    def test_error_without_message(self):
        """One of three is refused and the report does not say which: Amazon has two, and is asked for all."""
        rows = self.check(
            ONE_WRONG,
            [(None, "Error", "The order is closed.")],
            3,
            ["done", "unknown", "done"],
            lost=[1],
            formats=(XML, JSON),
        )
        self.assertIn("The order is closed.", rows[1].message)
        self.assertFalse(rows[0].message)
        # All three arrived: the error was about something else.
        both = [(0, "Error", "x"), (None, "Error", "The order is closed.")]
        self.check(ONE_WRONG, both, 2, ["error", "done", "done"], lost=[0])

    def test_error_of_unknown_message(self):
        """An error that names none of ours says of none of ours what became of it."""
        self.check(
            ONE_WRONG,
            [(ELSEWHERE, "Error", "The order is closed.")],
            3,
            ["done", "done", "unknown"],
            lost=[2],
            formats=(JSON,),
        )
        self.check({**ALL_WELL, "processed": 4}, [(ELSEWHERE, "Warning", "Look at it.")], 3, ["done", "done", "done"])

    def test_named_and_counted(self):
        """What the report names and counts needs no asking, however many lines it has for one message."""
        twice = [(0, "Error", "One thing."), (0, "Error", "Another."), (0, "Warning", "By the way.")]
        rows = self.check(ONE_WRONG, twice, 0, ["error", "done", "done"], lost=[0])
        self.assertEqual(rows[0].message, "One thing.\nAnother.")
        self.check(ALL_WELL, [], 0, ["done", "done", "done"])

    def test_counts_that_do_not_match(self):
        """What is named is refused; of the others the numbers do not tell."""
        named = [(0, "Error", "The order is closed.")]
        for counts in (
            {**ONE_WRONG, "successful": 1},
            {**ONE_WRONG, "processed": 5},
            {**ONE_WRONG, "successful": 3},
            {"processed": 3},
        ):
            self.check(counts, named, 2, ["error", "done", "done"], lost=[0])
        self.check({**ALL_WELL, "successful": 2}, [], 3, ["done", "done", "unknown"], lost=[2])

    def test_missing_summary(self):
        """A report without its numbers says only what it names, in whatever format."""
        self.check({}, [], 3, ["done", "unknown", "done"], lost=[1])
        self.check({}, [(1, "Error", "Closed.")], 2, ["done", "error", "done"], lost=[1], formats=(JSON,))
        # Errors counted and none left out: as good as the number of successes.
        without = {"processed": 3, "errors": 1}
        self.check(without, [(1, "Error", "Closed.")], 0, ["done", "error", "done"], lost=[1])

    def test_whole_document(self):
        """Only when Amazon counts none as successful, all that is in a refused document has failed."""
        none = {"processed": 0, "successful": 0, "errors": 1, "warnings": 0}
        lost = [0, 1, 2]
        broken = [(None, "Error", "The document is broken.")]
        rows = self.check(none, broken, 0, ["rejected"] * 3, lost=lost, formats=(JSON,))
        self.assertEqual(set(rows.mapped("message")), {"The document is broken."})
        self.check(none, broken, 0, ["rejected"] * 3, lost=lost, status="Rejected")

    def test_warning_is_kept(self):
        """What Amazon warns of stays with the parcel, whether it counts it as successful or has to be asked."""
        label = "ship-methodの項目が記入されていません。"
        warned = [(2, "Warning", label)]
        for counts, asked in (({**ALL_WELL, "warnings": 1}, 0), ({**ALL_WELL, "successful": 2, "warnings": 1}, 3)):
            rows = self.check(counts, warned, asked, ["done", "done", "done"])
            self.assertEqual(rows.mapped("message"), [False, False, label])
        rows = self.check({**ALL_WELL, "successful": 2}, warned, 3, ["done", "done", "unknown"], lost=[2])
        self.assertIn(label, rows[2].message)
        # An import may show the parcel first.
        self.amazon.post("settings", packages_delay=300)
        rows = self.reported({**ALL_WELL, "successful": 2}, warned, *XML)
        self.asked_out()
        self.assertEqual(set(rows.mapped("state")), {"unknown"})
        self.amazon.post("clock", advance=600)
        self.import_orders()
        self.assertEqual((set(rows.mapped("state")), rows[2].message), ({"done"}, label))
        # What is sent anew starts without it.
        rows[2].picking_id.carrier_tracking_ref = "CORRECTED"
        self.send()
        self.assertEqual((rows[2].state, rows[2].message), ("done", False))

    def test_warning_of_the_whole_document(self):
        """What Amazon warns of for all stands on the feed."""
        rows = self.check({**ALL_WELL, "warnings": 1}, [(None, "Warning", "Slow down.")], 0, ["done"] * 3)
        self.assertEqual(rows.feed_id.message, "Slow down.")
