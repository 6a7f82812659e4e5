"""Each bucket is judged by its tags, and an event that is given up is kept."""

from __future__ import annotations


def contract(office) -> None:
    """A change, a large one, all of them, and an event that is given up."""
    account = office.account
    bucket = {"resourceType": "AWS::S3::Bucket", "resourceId": "invoices"}
    tags = {"tagSets": [{"tags": {"owner": "billing", "cost-center": "42"}}]}
    good = {"supplementaryConfiguration": {"BucketTaggingConfiguration": tags}}
    rule = office.config_rule("Judge/ConfigRule")
    account.client("s3").create_bucket(
        Bucket="invoices",
        CreateBucketConfiguration={"LocationConstraint": account.region},
    )

    rule.evaluate({**bucket, **good})
    account.settle()
    rule.evaluate(bucket, oversized=True)
    account.settle()
    rule.evaluate()
    account.settle()
    rule.evaluate({**bucket, **good}, left_scope=True)
    account.settle()

    assert ["COMPLIANT", "NON_COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"] == [
        each["ComplianceType"] for each in rule.evaluations
    ]

    office.function("Judge").fail(times=3)
    rule.evaluate(bucket, oversized=True)
    account.settle()

    (record,) = office.queue("Judge/Failures").bodies()
    assert rule.arn == record["requestPayload"]["configRuleArn"]
