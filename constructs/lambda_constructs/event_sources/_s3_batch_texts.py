"""What a batch job says in text: its columns, its tags, its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lambda_constructs import limits
from lambda_constructs.errors import ConfigurationError, check_type, is_token

FIELDS = ("Bucket", "Ignore", "Key", "VersionId")


def check_columns(fields: Sequence[str]) -> None:
    """Check the columns of a CSV manifest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_JobManifestSpec.html

    Raises:
        ConfigurationError: One is unknown or twice, or the bucket or key is missing.
    """
    held = isinstance(fields, Sequence) and not isinstance(fields, str)
    check_type("fields", fields, "a list such as ['Bucket', 'Key']", holds=held)
    for each in fields:
        if each not in FIELDS:
            raise ConfigurationError(
                f"fields must each be one of {', '.join(FIELDS)}, got {each!r}"
            )
    named = [each for each in fields if each != "Ignore"]
    if len(named) != len(set(named)) or not {"Bucket", "Key"} <= set(named):
        raise ConfigurationError(
            f"fields must name Bucket and Key, and none twice, got {list(fields)}; "
            "name the columns of the manifest in their order"
        )


def check_tags(tags: Mapping[str, str]) -> None:
    """Check the tags of jobs.

    Raises:
        ConfigurationError: One is too long, or they are too many.
    """
    _check(
        "tags",
        tags,
        most=limits.S3_BATCH_TAGS,
        keys=limits.S3_BATCH_TAG_KEY_CHARACTERS,
        values=limits.S3_BATCH_TAG_VALUE_CHARACTERS,
    )
    for key in tags:
        if key.lower().startswith("aws:"):
            raise ConfigurationError(
                f"each key of tags must not begin with 'aws:', got {key!r}, which is "
                "for AWS's own; rename it"
            )


def check_user_arguments(arguments: Mapping[str, str]) -> None:
    """Check what the events are to bring.

    Raises:
        ConfigurationError: One is too long, or they are too many.
    """
    _check(
        "user_arguments",
        arguments,
        most=limits.S3_BATCH_USER_ARGUMENTS,
        keys=limits.S3_BATCH_USER_ARGUMENT_KEY_CHARACTERS,
        values=limits.S3_BATCH_USER_ARGUMENT_VALUE_CHARACTERS,
    )


def _check(
    name: str,
    texts: Mapping[str, str],
    *,
    most: int,
    keys: tuple[int, int],
    values: tuple[int, int],
) -> None:
    held = isinstance(texts, Mapping)
    check_type(name, texts, "a dictionary of text", holds=held)
    if len(texts) > most:
        raise ConfigurationError(f"{name} must be at most {most}, got {len(texts)}")
    for key, value in texts.items():
        for what, text, (low, high) in (
            (f"each key of {name}", key, keys),
            (f"{name}[{key!r}]", value, values),
        ):
            check_type(what, text, "text", holds=isinstance(text, str))
            known = isinstance(text, str) and not is_token(text)
            if text is None or (known and not low <= len(text) <= high):
                length = "None" if text is None else f"{len(text):,}"
                raise ConfigurationError(
                    f"{what} must be {low:,} to {high:,} characters, got {length}"
                )
