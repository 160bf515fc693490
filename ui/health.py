"""/health, for whoever keeps the server running: the nets that answer, and whether it goes on."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ui.pad import Sketchpad
from ui.part import Part
from ui.traffic import Traffic


def route(parts: Sequence[Part], traffic: Traffic) -> Route:
    files = [part.for_worker for part in parts if isinstance(part, Sketchpad)]

    def health(_: Request) -> Response:
        told = {
            "status": "draining" if traffic.is_draining else "ok",
            "under_way": traffic.under_way,  # requests, with this one
            "nets": {
                variant: net.about.get("weights_sha256")
                for of_nets in files
                for variant, net in of_nets.reader.classifiers.items()
            },
        }
        headers = {"Cache-Control": "no-store"}
        return JSONResponse(told, 503 if traffic.is_draining else 200, headers)

    return Route("/health", health)
