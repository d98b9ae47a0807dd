"""Seller Central's page where a seller authorizes an application (OAuth, website workflow)."""

from html import escape
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from . import lwa

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorize application</title>
<style>body{{font:16px system-ui,"Noto Sans CJK JP",sans-serif;background:#f3f4f6}}
main{{max-width:34rem;margin:4rem auto;padding:2rem;background:#fff;border:1px solid #ddd;border-radius:8px}}
button{{background:#ffd814;border:1px solid #fcd200;border-radius:8px;padding:.6rem 1.4rem;font:inherit;cursor:pointer}}
select{{font:inherit;padding:.3rem}}</style>
<main><h1>Amazon Seller Central, simulated</h1>
<p>The application <b>{application}</b> asks for access to your seller account.<br>
アプリケーションが出品者アカウントへのアクセスを求めています。</p>
<form method="post"><p><select name="merchant_id">{options}</select></p>
<button name="authorize" value="1">Authorize · 承認する</button></form></main></html>"""


def answer(world, request):
    """GET shows the page, POST (the button) sends the browser back to the application with a one-time code."""
    application = request.args.get("application_id", "")
    redirect_uri = request.args.get("redirect_uri", "")
    sellers = [s for s in world.sellers.by_id.values() if s["application_id"] == application]
    if not sellers:
        return Response(f"MD1000: unknown application_id {application}\n", 400)
    if not redirect_uri.startswith(("http://", "https://")):
        return Response("MD5110: redirect_uri is missing or invalid\n", 400)
    if request.method != "POST":
        options = "".join(option(seller) for seller in sellers)
        return Response(PAGE.format(application=escape(application), options=options), mimetype="text/html")
    merchant_id = request.form.get("merchant_id", sellers[0]["merchant_id"])
    seller = next((s for s in sellers if s["merchant_id"] == merchant_id), None)
    if not seller:
        return Response("Unknown seller\n", 400)
    query = urlencode(
        {
            "state": request.args.get("state", ""),
            "selling_partner_id": merchant_id,
            "spapi_oauth_code": lwa.authorize(world, seller),
        }
    )
    return redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}", 302)


def option(seller):
    merchant_id = escape(seller["merchant_id"])
    return f'<option value="{merchant_id}">{escape(seller["store_name"])} · {merchant_id}</option>'
