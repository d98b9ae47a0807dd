from odoo import http
from odoo.http import request

# What Prometheus is told of a job: the metric, what stands for it in the account's health, and what it is.
METRICS = (
    ("ok", "ok", "1: nobody has to look after the job."),
    ("started", "started", "1: the job is started."),
    ("failures", "failures", "How often in a row the job has failed."),
    ("last_success_age_seconds", "last_success", "How long ago the job last did all there was to do."),
    ("backlog", "backlog", "How much of the job's work waits."),
    ("oldest_age_seconds", "oldest", "How long the oldest of what waits has been waiting."),
)
ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Health(http.Controller):
    """How the accounts are, for a monitor."""

    @http.route(
        "/sale_amazon_spapi/health", type="http", auth="public", methods=["GET"], save_session=False, readonly=True
    )
    def health(self, format="json", **_ignored):
        """Tell how the accounts and their jobs are, with status 503 when a person has to look after one (but to
        Prometheus, which would read nothing then).

        The token goes into the header ``Authorization: Bearer``, never into the address, which servers log.

        :param str format: ``json``; ``prometheus``: text as Prometheus reads it.
        """
        accounts_model = request.env["amazon.account"]
        kind, _blank, token = request.httprequest.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not accounts_model._is_health_token(token.strip()):
            return request.make_json_response(
                {"error": "Send “Authorization: Bearer” with the token from Amazon > Configuration > Settings."},
                headers={"WWW-Authenticate": "Bearer"},
                status=401,
            )
        accounts = accounts_model._health()
        headers = {"Cache-Control": "no-store"}
        if format == "prometheus":
            headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
            return request.make_response(_prometheus(accounts), list(headers.items()))
        well = all(job["ok"] for account in accounts for job in account["jobs"])
        answer = {"status": "ok" if well else "trouble", "accounts": accounts}
        return request.make_json_response(answer, headers=headers, status=200 if well else 503)


def _prometheus(accounts):
    """Return the accounts' health in Prometheus' words."""
    lines = []
    for metric, key, what in METRICS:
        lines += [f"# HELP amazon_job_{metric} {what}", f"# TYPE amazon_job_{metric} gauge"]
        for account in accounts:
            name = account["name"].translate(ESCAPED)
            lines += [
                f'amazon_job_{metric}{{account="{account["id"]}",name="{name}",job="{job["name"]}"}} {int(job[key])}'
                for job in account["jobs"]
                if job[key] is not None
            ]
    metric = "amazon_account_secret_days_left"
    lines += [f"# HELP {metric} For how many days the client secret is good yet.", f"# TYPE {metric} gauge"]
    for account in accounts:
        if (left := account["secret_days_left"]) is not None:
            name = account["name"].translate(ESCAPED)
            lines.append(f'{metric}{{account="{account["id"]}",name="{name}"}} {left}')
    return "\n".join(lines) + "\n"
