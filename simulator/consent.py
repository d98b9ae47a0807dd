"""Seller Central's page where a seller authorizes an application (OAuth, website workflow)."""

from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from . import lwa
from .templating import render


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
        return Response(render("consent.html", "en", application=application, sellers=sellers), mimetype="text/html")
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
