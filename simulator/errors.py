"""Amazon's refusals."""


class AmazonError(Exception):
    """An SP-API error answer: ``{"errors": [{"code", "message", "details"}]}``."""

    def __init__(self, status, code, message, details=""):
        super().__init__(message)
        self.status = status
        self.body = {"errors": [{"code": code, "message": message, "details": details}]}


def invalid_input(message, details=""):
    return AmazonError(400, "InvalidInput", message, details)


def unauthorized(details):
    return AmazonError(403, "Unauthorized", "Access to requested resource is denied.", details)


def quota_exceeded():
    return AmazonError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")


def not_found(message):
    return AmazonError(404, "NotFound", message)


class LwaError(Exception):
    """An OAuth error answer of Login with Amazon."""

    def __init__(self, status, error, description):
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}
