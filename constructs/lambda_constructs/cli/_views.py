"""What is shown, as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from lambda_constructs.redrive import Contents, FailedMessage, Outcome, Store


def contents(store: Store, inside: Contents | None) -> dict[str, object]:
    """Give a store, and what is in it."""
    oldest = inside.oldest if inside else None
    return {
        "store": store.name,
        "kind": store.kind,
        "arn": store.arn,
        "count": inside.count if inside else None,
        "oldest": oldest.isoformat() if oldest else None,
        "from": [
            {"kind": each.kind, "name": each.name, "arn": each.arn, "to": each.target}
            for each in store.origins
        ],
        "note": store.note,
    }


def message(failed: FailedMessage) -> dict[str, object]:
    """Give a message."""
    return {
        "id": failed.id,
        "failed_at": failed.when.isoformat(),
        "error": failed.error,
        "attempts": failed.attempts,
        "function_version": failed.version,
        "goes_to": failed.back.where,
        "payload": failed.payload,
    }


def plan(store: Store, rows: Sequence[tuple[FailedMessage, str]]) -> dict[str, object]:
    """Give what would be sent, and what would not."""
    return {
        "store": store.name,
        "messages": [
            {"id": each.id, "goes_to": each.back.where, "problem": problem}
            for each, problem in rows
        ],
    }


def outcome(each: Outcome) -> dict[str, object]:
    """Give what became of a message, or of those that SQS moved."""
    told: dict[str, object] = {"store": each.store, "status": str(each.status)}
    if each.id:
        told["id"] = each.id
    return {**told, "count": each.count, "detail": each.detail}
