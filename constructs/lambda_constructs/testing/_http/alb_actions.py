"""What a load balancer does itself: answer, redirect and choose a target group.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from lambda_constructs.testing._http.messages import Headers, HttpRequest, Response
from lambda_constructs.testing._http.state import Piece

Action = Mapping[str, Any]


def actions(properties: Mapping[str, Any]) -> list[Action]:
    """Give the actions of a rule, or the default ones of a listener, in order."""
    found = properties.get("Actions") or properties["DefaultActions"]
    return sorted(found, key=lambda each: int(each.get("Order", 0)))


def weighted(action: Action) -> list[tuple[str, int]]:
    """Give the target groups of an action with their weights."""
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    if groups:
        return [
            (str(each["TargetGroupArn"]), int(each.get("Weight", 1))) for each in groups
        ]
    return [(str(action["TargetGroupArn"]), 1)] if "TargetGroupArn" in action else []


def protocol(listener: Piece) -> str:
    """Give a listener's protocol as URLs have it."""
    return str(listener.properties.get("Protocol", "HTTP")).lower()


def fixed(action: Action) -> Response:
    """Answer as the action says."""
    config = action["FixedResponseConfig"]
    content = str(config.get("MessageBody", "")).encode()
    kind = str(config.get("ContentType") or "text/plain")
    return _response(int(config["StatusCode"]), content, ("content-type", kind))


def redirect(action: Action, request: HttpRequest, listener: Piece) -> Response:
    """Send the client on; what the action leaves out is the request's."""
    config = action["RedirectConfig"]
    host = urlsplit("//" + request.headers["host"]).hostname or ""
    values = {
        "#{protocol}": protocol(listener),
        "#{host}": host,
        "#{port}": str(listener.properties["Port"]),
        "#{path}": request.path[1:],
        "#{query}": request.query,
    }

    def part(name: str, default: str) -> str:
        text = str(config.get(name, default))
        for key, value in values.items():
            text = text.replace(key, value)
        return text

    scheme = part("Protocol", "#{protocol}").lower()
    place = f"{part('Host', '#{host}')}:{part('Port', '#{port}')}"
    query = part("Query", "#{query}")
    location = f"{scheme}://{place}{part('Path', '/#{path}')}"
    location += f"?{query}" if query else ""
    status = int(str(config["StatusCode"]).removeprefix("HTTP_"))
    return _response(status, b"", ("location", location))


def page(status: int) -> Response:
    """Give the load balancer's own page for an error."""
    title = f"{status} {HTTPStatus(status).phrase}"
    text = (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n"
        f"<center><h1>{title}</h1></center>\n</body>\n</html>\n"
    )
    return _response(status, text.encode(), ("content-type", "text/html"))


def _response(status: int, content: bytes, header: tuple[str, str]) -> Response:
    length = ("content-length", str(len(content)))
    return Response(status, Headers([header, length]), content)
