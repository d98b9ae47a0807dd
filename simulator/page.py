"""The web page "Seller Central, simulated"."""

from werkzeug.wrappers import Response


def answer(world, request):
    return Response("Seller Central, simulated\n")
