"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrekognition.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.implied import reads_object
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import (
    Place,
    anywhere,
    at,
    on,
    passes_role,
    same_name,
    together,
)

collection = at("rekognition", "collection/{}", "CollectionId")
_ROLE = passes_role("rekognition", "NotificationChannel.RoleArn")


def looks(place: Place, *operations: str) -> dict[str, Rule]:
    """Rekognition reads the picture or film from S3 as its caller."""
    return {
        name: together(on(f"rekognition:{name}", place), picture, _ROLE)
        for name in operations
    }


def picture(request: Request) -> tuple[Need, ...]:
    """Every object that the call refers to."""
    return tuple(
        need
        for holder in ("Image", "SourceImage", "TargetImage", "Video")
        for need in reads_object(request, request.mapping(holder).get("S3Object"))
    )


OPERATIONS: dict[str, Rule] = {
    **looks(
        anywhere,
        "CompareFaces",
        "DetectFaces",
        "DetectLabels",
        "DetectProtectiveEquipment",
        "DetectText",
        "RecognizeCelebrities",
        "StartContentModeration",
        "StartFaceDetection",
        "StartLabelDetection",
        "StartTextDetection",
    ),
    **looks(collection, "IndexFaces", "SearchFacesByImage"),
    "DetectModerationLabels": together(
        on(
            "rekognition:DetectModerationLabels",
            lambda request: request.text("ProjectVersion") or "*",
        ),
        picture,
    ),
    **same_name(
        "rekognition",
        collection,
        "DeleteCollection",
        "DeleteFaces",
        "DescribeCollection",
        "ListFaces",
        "SearchFaces",
    ),
    **same_name(
        "rekognition",
        anywhere,
        "CreateCollection",
        "GetContentModeration",
        "GetFaceDetection",
        "GetLabelDetection",
        "GetTextDetection",
        "ListCollections",
    ),
}
