"""What vendors submit, field by field, as Amazon's models have it; fields that are not known are ignored.

A name with a star is needed. What stands behind it is a type, a tuple of the values there are, a pattern, a list of
one, or a dict of the fields of an object.
"""

import re

from .confirmation import complain
from .errors import invalid_input
from .times import parse
from .vendor import V1

TEXT, NUMBER, FLAG, TIME, DECIMAL = "text", "number", "flag", "time", "decimal"
ORDER_NUMBER = re.compile(r"[a-zA-Z0-9]+")
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)

PARTY = {"partyId*": TEXT}
PARTIES = {"sellingParty*": PARTY, "shipFromParty*": PARTY}
PRODUCT = {"buyerProductIdentifier": TEXT, "vendorProductIdentifier": TEXT}
QUANTITY = {"amount*": NUMBER, "unitOfMeasure*": TEXT}
ADDRESS = {
    "name*": TEXT,
    "addressLine1*": TEXT,
    "addressLine2": TEXT,
    "addressLine3": TEXT,
    "city": TEXT,
    "county": TEXT,
    "district": TEXT,
    "stateOrRegion": TEXT,
    "postalCode": TEXT,
    "countryCode*": TEXT,
    "phone": TEXT,
}
ACKNOWLEDGEMENT = {
    "purchaseOrderNumber*": TEXT,
    "vendorOrderNumber*": TEXT,
    "acknowledgementDate*": TIME,
    "acknowledgementStatus*": {"code": TEXT, "description": TEXT},
    **PARTIES,
    "itemAcknowledgements*": [
        {
            "itemSequenceNumber*": TEXT,
            **PRODUCT,
            "acknowledgedQuantity*": {"amount": NUMBER, "unitOfMeasure": ("Each",)},
        }
    ],
}


def container(version):
    return {
        "containerType*": ("carton", "pallet") if version == V1 else ("Carton", "Pallet"),
        "containerIdentifier*": TEXT,
        "trackingNumber": TEXT,
        "manifestId": TEXT,
        "manifestDate": TEXT,
        "shipMethod": TEXT,
        "scacCode": TEXT,
        "carrier": TEXT,
        "containerSequenceNumber": NUMBER,
        "dimensions": {
            "length*": DECIMAL,
            "width*": DECIMAL,
            "height*": DECIMAL,
            "unitOfMeasure*": ("IN", "CM"),
        },
        "weight*": {"unitOfMeasure*": ("KG", "LB"), "value*": DECIMAL},
        "packedItems*": [{"itemSequenceNumber*": NUMBER, **PRODUCT, "packedQuantity*": QUANTITY}],
    }


def label_request(version):
    return {"purchaseOrderNumber*": ORDER_NUMBER, **PARTIES, "containers": [container(version)]}


def confirmation(version):
    return {
        "purchaseOrderNumber*": ORDER_NUMBER,
        "shipmentDetails*": {
            "shippedDate*": TIME,
            "shipmentStatus*": ("SHIPPED", "FLOOR_DENIAL"),
            "isPriorityShipment": FLAG,
            "vendorOrderNumber": TEXT,
            "estimatedDeliveryDate": TIME,
        },
        **PARTIES,
        "items*": [{"itemSequenceNumber*": NUMBER, **PRODUCT, "shippedQuantity*": QUANTITY}],
        "containers": [container(version)],
    }


STATUS_UPDATE = {
    "purchaseOrderNumber*": ORDER_NUMBER,
    **PARTIES,
    "statusUpdateDetails*": {
        "trackingNumber*": TEXT,
        "statusCode*": TEXT,
        "reasonCode*": TEXT,
        "statusDateTime*": TIME,
        "statusLocationAddress*": ADDRESS,
        "shipmentSchedule": {
            "estimatedDeliveryDateTime": TIME,
            "apptWindowStartDateTime": TIME,
            "apptWindowEndDateTime": TIME,
        },
    },
}
INVENTORY = {
    "sellingParty*": PARTY,
    "isFullUpdate*": FLAG,
    "items*": [
        {**PRODUCT, "availableQuantity*": {"amount": NUMBER, "unitOfMeasure*": TEXT}, "isObsolete": FLAG},
    ],
}


def check_body(body, name, spec):
    """Refuse a body that breaks Amazon's model.

    :param name: of the field that everything stands in
    :param spec: what it has to be
    """
    if not isinstance(body, dict):
        raise invalid_input("Request has missing or invalid parameters and cannot be parsed.")
    missing, wrong = [], []
    inspect(body.get(name), spec, name, missing, wrong)
    complain("missing required fields", missing)
    complain("fields with invalid type", wrong)


def inspect(value, spec, where, missing, wrong):
    """Collect the places of what is missing and of what is wrong below ``where``."""
    if isinstance(spec, dict) and isinstance(value, dict):
        for key, inner in spec.items():
            name = key.removesuffix("*")
            if value.get(name) is not None:
                inspect(value[name], inner, f"{where}.{name}", missing, wrong)
            elif key.endswith("*"):
                missing.append(f"{where}.{name}")
    elif isinstance(spec, list) and isinstance(value, list):
        for number, entry in enumerate(value):
            inspect(entry, spec[0], f"{where}[{number}]", missing, wrong)
    elif isinstance(spec, (dict, list)) or not is_a(value, spec):
        wrong.append(where)


def is_a(value, spec):
    if spec == NUMBER:
        return isinstance(value, int) and not isinstance(value, bool)
    if spec == FLAG:
        return isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if spec == TIME:
        return is_time(value)
    if spec == DECIMAL:
        return bool(_DECIMAL.fullmatch(value))
    if isinstance(spec, tuple):
        return value in spec
    return spec == TEXT or bool(spec.fullmatch(value))


def is_time(text):
    try:
        return bool(parse(text))
    except ValueError:
        return False
