"""Amazon's refusals."""

import json

from .answer import Answer

XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class AmazonError(Exception):
    """An SP-API error answer: ``{"errors": [{"code", "message", "details"}]}``."""

    def __init__(self, status, code, message, details=""):
        super().__init__(message)
        self.status = status
        self.body = {"errors": [{"code": code, "message": message, "details": details}]}

    def answer(self):
        return Answer.json(self.status, self.body)


def invalid_input(message, details=""):
    return AmazonError(400, "InvalidInput", message, details)


def unauthorized(details):
    return AmazonError(403, "Unauthorized", "Access to requested resource is denied.", details)


def quota_exceeded(message=None):
    return AmazonError(429, "QuotaExceeded", message or "You exceeded your quota for the requested resource.")


def page_token_mismatch():
    return invalid_input("Search parameters do not match the provided 'pageToken'.")


def not_found(message):
    return AmazonError(404, "NotFound", message)


def lay_bare(answer):
    """Take the list around an error away, as some operations do with all but the status 400."""
    if answer.status > 400 and answer.content_type == "application/json":
        body = json.loads(answer.body)
        if isinstance(body, dict) and isinstance(body.get("errors"), list):
            answer.body = Answer.json(answer.status, body["errors"][0]).body


class LwaError(Exception):
    """An OAuth error answer of Login with Amazon."""

    def __init__(self, status, error, description):
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}

    def answer(self):
        return Answer.json(self.status, self.body)


def storage_refusal(code, message, status=403, **facts):
    """An error of the storage of documents, as S3 writes it."""
    more = "".join(f"<{name}>{value}</{name}>" for name, value in facts.items())
    ids = "<RequestId>0A1B2C3D4E5F6071</RequestId><HostId>c2ltdWxhdG9y</HostId>"
    text = f"{XML_HEAD}<Error><Code>{code}</Code><Message>{message}</Message>{more}{ids}</Error>"
    return Answer(status, text.encode(), "application/xml")
