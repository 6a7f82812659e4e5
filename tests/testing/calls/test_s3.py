"""S3: few operations have an action of their own name.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import pytest

from lambda_constructs.testing._calls import needs_when_missing
from tests.testing.calls.facts import ACCOUNT, KEY, REGION, Facts, asked, pairs

OBJECT = {"Bucket": "b", "Key": "a/k"}
PLACE = "arn:aws:s3:::b/a/k"


@pytest.mark.parametrize(
    ("operation", "extra", "actions"),
    [
        ("GetObject", {}, ["GetObject"]),
        ("GetObject", {"VersionId": "v"}, ["GetObjectVersion"]),
        ("HeadObject", {}, ["GetObject"]),
        ("GetObjectAttributes", {}, ["GetObject", "GetObjectAttributes"]),
        (
            "GetObjectAttributes",
            {"VersionId": "v"},
            ["GetObjectVersion", "GetObjectVersionAttributes"],
        ),
        ("PutObject", {}, ["PutObject"]),
        ("PutObject", {"ACL": "private"}, ["PutObject", "PutObjectAcl"]),
        ("PutObject", {"Tagging": "a=b"}, ["PutObject", "PutObjectTagging"]),
        (
            "PutObject",
            {"ObjectLockMode": "GOVERNANCE", "ObjectLockLegalHoldStatus": "ON"},
            ["PutObject", "PutObjectRetention", "PutObjectLegalHold"],
        ),
        ("PutObject", {"IfNoneMatch": "*"}, ["PutObject"]),
        ("PutObject", {"IfMatch": "e"}, ["PutObject", "GetObject"]),
        ("CreateMultipartUpload", {}, ["PutObject"]),
        ("UploadPart", {}, ["PutObject"]),
        ("CompleteMultipartUpload", {}, ["PutObject"]),
        ("AbortMultipartUpload", {}, ["AbortMultipartUpload"]),
        ("ListParts", {}, ["ListMultipartUploadParts"]),
        ("DeleteObject", {}, ["DeleteObject"]),
        ("DeleteObject", {"VersionId": "v"}, ["DeleteObjectVersion"]),
        ("GetObjectTagging", {"VersionId": "v"}, ["GetObjectVersionTagging"]),
    ],
)
def test_an_object_operation_needs_its_actions(operation, extra, actions):
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    """
    needs = asked("s3", operation, {**OBJECT, **extra})

    assert [(f"s3:{action}", PLACE) for action in actions] == pairs(needs)


@pytest.mark.parametrize("source", ["src/a%2Fk", {"Bucket": "src", "Key": "a/k"}])
def test_a_copy_reads_its_source_and_writes_its_destination(source):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    needs = asked("s3", "CopyObject", {**OBJECT, "CopySource": source})

    assert [
        ("s3:GetObject", "arn:aws:s3:::src/a/k"),
        ("s3:PutObject", PLACE),
    ] == pairs(needs)


@pytest.mark.parametrize(("directive", "tags"), [("COPY", True), ("REPLACE", False)])
def test_a_copy_takes_the_tags_along(directive, tags):
    """
    Unless they are replaced, tags are read and written under their own actions.
    """
    params = {**OBJECT, "CopySource": "src/k", "TaggingDirective": directive}

    found = pairs(asked("s3", "CopyObject", params, Facts(tagged=frozenset({"src/k"}))))

    assert tags == (("s3:GetObjectTagging", "arn:aws:s3:::src/k") in found)
    assert tags == (("s3:PutObjectTagging", PLACE) in found)


def test_listing_says_what_it_lists():
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
    """
    facts = Facts(owners={"b": ACCOUNT})
    params = {"Bucket": "b", "Prefix": "in/", "Delimiter": "/", "MaxKeys": 5}

    [need] = asked("s3", "ListObjectsV2", params, facts)

    assert ("s3:ListBucket", "arn:aws:s3:::b") == (need.action, need.resource)
    assert ("in/", "/", "5", ACCOUNT) == tuple(
        need.context[f"s3:{name}"]
        for name in ("prefix", "delimiter", "max-keys", "ResourceAccount")
    )


def test_writing_says_what_it_asks_for():
    """
    Policies demand encryption, or forbid public ACLs, by the request's headers.
    """
    params = {
        **OBJECT,
        "ACL": "public-read",
        "ServerSideEncryption": "aws:kms",
        "Tagging": "team=shop",
    }

    context = asked("s3", "PutObject", params)[0].context

    assert "public-read" == context["s3:x-amz-acl"]
    assert "aws:kms" == context["s3:x-amz-server-side-encryption"]
    assert "shop" == context["s3:RequestObjectTag/team"]
    assert ("team",) == context["s3:RequestObjectTagKeys"]


def test_each_deleted_key_is_a_request():
    """
    S3 refuses each key of DeleteObjects alone.
    """
    objects = [{"Key": "x"}, {"Key": "y", "VersionId": "v"}]

    needs = asked(
        "s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": objects}}
    )

    assert [
        ("s3:DeleteObject", "arn:aws:s3:::b/x"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/y"),
    ] == pairs(needs)


@pytest.mark.parametrize(
    ("operation", "actions"),
    [
        ("GetObject", ["Decrypt"]),
        ("PutObject", ["GenerateDataKey"]),
        ("CreateMultipartUpload", ["GenerateDataKey"]),
        ("UploadPart", ["GenerateDataKey", "Decrypt"]),
        ("CompleteMultipartUpload", ["Decrypt"]),
    ],
)
def test_a_customers_key_is_used_as_the_caller(operation, actions):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    facts = Facts(keys={"b/a/k": KEY, "arn:aws:s3:::b": KEY})

    _, *keys = asked("s3", operation, OBJECT, facts)

    assert [(f"kms:{action}", KEY) for action in actions] == pairs(tuple(keys))
    assert PLACE == keys[0].context["kms:EncryptionContext:aws:s3:arn"]
    assert "s3.eu-west-1.amazonaws.com" == keys[0].context["kms:ViaService"]


def test_a_bucket_key_has_the_bucket_as_its_context():
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    facts = Facts(keys={"arn:aws:s3:::b": KEY}, bucket_keys=frozenset({"b"}))

    _, key = asked("s3", "PutObject", OBJECT, facts)

    assert "arn:aws:s3:::b" == key.context["kms:EncryptionContext:aws:s3:arn"]


def test_an_access_point_is_a_resource_of_its_own():
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
    """
    point = f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/p"

    needs = asked("s3", "GetObject", {"Bucket": point, "Key": "k"})

    assert [("s3:GetObject", f"{point}/object/k")] == pairs(needs)


def test_who_may_not_list_is_not_told_that_an_object_is_missing():
    """
    Without s3:ListBucket S3 answers 403 instead of 404.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    found = needs_when_missing(
        "s3",
        "GetObject",
        OBJECT,
        partition="aws",
        region=REGION,
        account=ACCOUNT,
        secure=True,
        lookup=Facts(),
    )

    assert [("s3:ListBucket", "arn:aws:s3:::b")] == pairs(found)
