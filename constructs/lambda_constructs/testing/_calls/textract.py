"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazontextract.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.implied import reads_object
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import (
    anywhere,
    on,
    passes_role,
    same_name,
    together,
)

_ROLE = passes_role("textract", "NotificationChannel.RoleArn")


def document(request: Request) -> tuple[Need, ...]:
    """Textract reads the document, and writes its results, as its caller."""
    pages = request.params.get("DocumentPages")
    holders = [
        request.mapping("Document"),
        request.mapping("DocumentLocation"),
        *(pages if isinstance(pages, list) else []),
    ]
    output = request.mapping("OutputConfig")
    bucket = output.get("S3Bucket")
    prefix = output.get("S3Prefix") or "textract_output"
    written = f"arn:{request.partition}:s3:::{bucket}/{prefix}/*"
    return (
        *(
            need
            for holder in holders
            for need in reads_object(request, holder.get("S3Object"))
        ),
        *((request.need("s3:PutObject", written),) if bucket else ()),
    )


OPERATIONS: dict[str, Rule] = {
    **{
        name: together(on(f"textract:{name}", anywhere), document, _ROLE)
        for name in (
            "AnalyzeDocument",
            "AnalyzeExpense",
            "AnalyzeID",
            "DetectDocumentText",
            "StartDocumentAnalysis",
            "StartDocumentTextDetection",
            "StartExpenseAnalysis",
        )
    },
    **same_name(
        "textract",
        anywhere,
        "GetDocumentAnalysis",
        "GetDocumentTextDetection",
        "GetExpenseAnalysis",
    ),
}
