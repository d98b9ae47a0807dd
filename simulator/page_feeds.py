"""The web pages about feeds: the list, and one with its contents and its report."""

from html import escape

from . import feeds
from .page_parts import moment
from .words import say

SHOWN_FEEDS = 100
SHOWN_TEXT = 50_000  # characters
ENDINGS = ("DONE", "FATAL", "CANCELLED")


def table(world, lang):
    heads = "".join(
        f"<th>{say(lang, key)}</th>" for key in ("feed", "feed_type", "created", "status", "results", "actions")
    )
    rows = "".join(row(lang, feed) for feed in list(reversed(world.feeds.by_id.values()))[:SHOWN_FEEDS])
    return (
        f"<main><p><a href='/'>← {say(lang, 'back')}</a></p><h1>{say(lang, 'feeds')}</h1>"
        f"<table><tr>{heads}</tr>{rows}</table></main>"
    )


def row(lang, feed):
    return (
        f"<tr><td><a href='/page/feeds/{feed['feedId']}'>{feed['feedId']}</a></td>"
        f"<td><span class='time'>{escape(feed['feedType'])}</span></td>"
        f"<td>{moment(feed['createdTime'])}</td><td>{status(lang, feed)}</td><td>{counts(lang, feed)}</td>"
        f"<td>{buttons(lang, feed)}</td></tr>"
    )


def status(lang, feed):
    state = feed["processingStatus"]
    return f"<span class='status {state}'>{say(lang, state)}</span>"


def counts(lang, feed):
    return say(lang, "counted").format(**feed["counts"]) if "counts" in feed else ""


def buttons(lang, feed):
    if feed["processingStatus"] not in feeds.OPEN:
        return ""
    return "".join(
        f"<form method='post' action='/page/feeds/{feed['feedId']}/{ending}'>"
        f"<button>{say(lang, f'process_{ending}')}</button></form>"
        for ending in ENDINGS
    )


def one(world, lang, feed):
    detail = feeds.detail(world, feed)
    facts = {
        "feed_type": escape(feed["feedType"]),
        "created": moment(feed["createdTime"]),
        "status": f"{status(lang, feed)} {buttons(lang, feed)}",
        "results": counts(lang, feed),
    }
    rows = "".join(f"<tr><th>{say(lang, key)}</th><td>{value}</td></tr>" for key, value in facts.items())
    return (
        f"<main><p><a href='/page/feeds'>← {say(lang, 'feeds')}</a></p><h1>{feed['feedId']}</h1>"
        f"<table class='facts'>{rows}</table>"
        f"{document(lang, 'content', detail['content_type'], detail['content'])}"
        f"{document(lang, 'report', detail['result_content_type'], detail['result'])}</main>"
    )


def document(lang, key, content_type, text):
    body = f"<pre>{escape(text[:SHOWN_TEXT])}</pre>" if text else f"<p>{say(lang, 'none')}</p>"
    return f"<h2>{say(lang, key)} <small>{escape(content_type or '')}</small></h2>{body}"
