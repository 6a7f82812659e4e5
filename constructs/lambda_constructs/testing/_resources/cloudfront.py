"""Amazon CloudFront."""

from __future__ import annotations

import hashlib

from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._resources._create import Create, Created, Request


def create_distribution(request: Request) -> Created:
    """Create a distribution."""
    digest = hashlib.sha256(f"{request.stack}/{request.logical_id}".encode())
    id = "E" + digest.hexdigest()[:13].upper()
    piece = Piece(id, request.path, request.properties)
    fronts_of(request.account).add("distribution", piece)
    return Created(id, {"DomainName": f"{id.lower()}.cloudfront.net", "Id": id})


CREATE: dict[str, Create] = {"AWS::CloudFront::Distribution": create_distribution}
