"""What the tests of Vendor Direct Fulfillment share: calls with restricted data tokens, and bodies."""

from simulator import schema
from simulator.operations import find

V1, V2021 = VERSIONS = ("v1", "2021-12-28")
TOKENS = "/tokens/2021-03-01/restrictedDataToken"
RESTRICTED = (
    ("orders", "GET", "purchaseOrders"),
    ("shipping", "GET", "shippingLabels"),
    ("shipping", "GET", "packingSlips"),
    ("shipping", "GET", "customerInvoices"),
)


def place(api, version, path):
    return f"/vendor/directFulfillment/{api}/{version}/{path}"


class Vendor:
    """A vendor of one version, whose calls are held against Amazon's model."""

    def __init__(self, amazon, version, **facts):
        self.amazon, self.version = amazon, version
        self.seller = amazon.post("/sellers", vendor=facts)
        self.merchant_id = self.seller["merchant_id"]
        self.folder = schema.models_folder()
        self.tokens = {}

    def place(self, kind="vendor_standard", **values):
        """Place an order; its number."""
        return self.amazon.post("/vendor/orders", merchant_id=self.merchant_id, kind=kind, **values)["numbers"][0]

    def record(self, number):
        return self.amazon.get(f"/vendor/orders/{number}")

    def token(self, method, path):
        """A restricted data token for one path."""
        key = (method, path)
        if key not in self.tokens:
            body = {"restrictedResources": [{"method": method, "path": path}]}
            answer = self.amazon.send(self.seller, "POST", TOKENS, body)
            assert answer.status_code == 200, answer.text
            self.tokens[key] = answer.json()["restrictedDataToken"]
        return self.tokens[key]

    def call(self, api, path, expected=200, method="GET", body=None, token=None, version=None, **query):
        """The answer's JSON without the payload around it, or what is complained about."""
        path = place(api, version or self.version, path)
        operation = find(method, path)[0]
        if token is None:
            restricted = operation and operation.restricted
            token = self.token(method, path) if restricted else self.amazon.token(self.seller)
        headers = {"x-amz-access-token": token}
        answer = self.amazon.http.request(method, path, params=query, json=body, headers=headers)
        assert answer.status_code == expected, answer.text
        content = answer.json()
        if self.folder and operation and content not in ({}, {"payload": {}}):
            assert schema.check_answer(self.folder, operation, expected, content) == []
        if expected >= 400:
            error = content["errors"][0] if "errors" in content else content
            return f"{error['message']} {error['details']}"
        return content["payload"] if operation.version == V1 else content

    def submit(self, api, path, body, status=202, **values):
        """The transaction's id, or what is complained about."""
        answer = self.call(api, path, status, "POST", body, **values)
        return answer["transactionId"] if status == 202 else answer

    def window(self, **values):
        now = self.amazon.get("/clock")["now"]
        return {"createdAfter": "2026-11-20T00:00:00Z", "createdBefore": now, **values}

    def pages(self, api, path, name, **query):
        """The entries of all pages, page by page."""
        query = self.window(**query)
        page = self.call(api, path, **query)
        pages = [page[name]]
        while "pagination" in page:
            page = self.call(api, path, nextToken=page["pagination"]["nextToken"], **query)
            pages.append(page[name])
            assert len(pages) < 50
        return pages

    def status(self, transaction_id):
        """(status, [code, …]) of a transaction."""
        status = self.call("transactions", f"transactions/{transaction_id}")["transactionStatus"]
        errors = status.get("errors", [])
        return status["status"], [error["code"] for error in (errors["errors"] if isinstance(errors, dict) else errors)]

    def ends(self, transaction_id):
        """The same once Amazon is through with it."""
        self.amazon.advance(seconds=31)
        return self.status(transaction_id)

    # bodies

    def parties(self, number):
        details = self.record(number)["order"]["orderDetails"]
        return {
            "purchaseOrderNumber": number,
            "sellingParty": {"partyId": details["sellingParty"]["partyId"]},
            "shipFromParty": {"partyId": details["shipFromParty"]["partyId"]},
        }

    def lines(self, number, quantity_name, as_number=True):
        return [
            {
                "itemSequenceNumber": int(i["itemSequenceNumber"]) if as_number else i["itemSequenceNumber"],
                "buyerProductIdentifier": i["buyerProductIdentifier"],
                "vendorProductIdentifier": i["vendorProductIdentifier"],
                quantity_name: dict(i["orderedQuantity"]),
            }
            for i in self.record(number)["order"]["orderDetails"]["items"]
        ]

    def acknowledgement(self, number, code="00", **values):
        return {
            **self.parties(number),
            "vendorOrderNumber": "S00001",
            "acknowledgementDate": "2026-11-23T01:00:00Z",
            "acknowledgementStatus": {"code": code, "description": "…"},
            "itemAcknowledgements": self.lines(number, "acknowledgedQuantity", as_number=False),
            **values,
        }

    def acknowledge(self, *entries, status=202):
        return self.submit("orders", "acknowledgements", {"orderAcknowledgements": list(entries)}, status)

    def accepted(self, kind="vendor_standard", **values):
        """Place an order and accept it; its number."""
        number = self.place(kind, **values)
        assert self.ends(self.acknowledge(self.acknowledgement(number))) == ("Success", [])
        return number


def container(vendor, number, **values):
    return {
        "containerType": "carton" if vendor.version == V1 else "Carton",
        "containerIdentifier": "BOX-1",
        "weight": {"unitOfMeasure": "KG", "value": "1.5"},
        "packedItems": vendor.lines(number, "packedQuantity"),
        **values,
    }


def confirmation(vendor, number, tracking="T-1", status="SHIPPED", parcel=None, **values):
    facts = {"trackingNumber": tracking, "shipMethod": "AMZN_JP_STD", "scacCode": "SIMC", **(parcel or {})}
    parcel = container(vendor, number, **facts)
    return {
        **vendor.parties(number),
        "shipmentDetails": {"shippedDate": vendor.amazon.get("/clock")["now"], "shipmentStatus": status},
        "items": vendor.lines(number, "shippedQuantity"),
        "containers": [{name: value for name, value in parcel.items() if value is not None}],
        **values,
    }
