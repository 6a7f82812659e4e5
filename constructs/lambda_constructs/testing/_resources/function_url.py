"""Function URLs."""

from __future__ import annotations

import hashlib

from lambda_constructs.testing._http.function_url import domain_of
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._resources._create import Create, Created, Request


def create_url(request: Request) -> Created:
    """Give a function, or an alias of it, a URL."""
    properties = request.properties
    state = request.account.function_state(str(properties["TargetFunctionArn"]))
    arn = state.arn_of(str(properties.get("Qualifier", "$LATEST")))
    digest = hashlib.sha256(f"{request.stack}/{request.logical_id}".encode())
    piece = Piece(arn, request.path, {**properties, "UrlId": digest.hexdigest()[:32]})
    fronts_of(request.account).add("function url", piece)
    url = f"https://{domain_of(request.account, piece)}/"
    return Created(arn, {"FunctionArn": arn, "FunctionUrl": url})


CREATE: dict[str, Create] = {"AWS::Lambda::Url": create_url}
