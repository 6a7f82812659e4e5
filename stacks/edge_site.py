"""A website whose pages are rewritten, tested and secured at the edge."""

from aws_cdk import Duration, Environment, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambda_constructs import EdgeFunction
from stacks._handlers import handler_code

EVENTS = cloudfront.LambdaEdgeEventType

# Variables are unknown at the edge, so this is in the package of each function.
CONFIGURATION = {
    "content_security_policy": "default-src 'self'; frame-ancestors 'none'",
    "redirects": {"/shop-2019/": "/shop/"},
    "share_of_b": 50,
}


class EdgeSiteStack(Stack):
    """Every page is reached by HTTPS alone, and carries its security headers.

    Each viewer stays with one of two variants of the pages, which lie below `a/` and
    `b/` in a bucket that only the distribution reads. What both share is in `assets/`.
    Old addresses lead to the new ones.

    With CloudFront's own domain, the oldest TLS version is CloudFront's choice; with
    a certificate of yours, pass `minimum_protocol_version` as well.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        # The logs of a distribution are set up there, as its functions are.
        region = Environment(region="us-east-1")
        super().__init__(
            scope, id, env=region, description="A website with functions at the edge"
        )

        pages = bucket(self, "Pages", keep=None)
        origin = origins.S3BucketOrigin.with_origin_access_control(pages)

        viewer_request = at_edge(self, "ViewerRequest", "viewer_request")
        origin_request = at_edge(self, "OriginRequest", "origin_request")
        origin_response = at_edge(self, "OriginResponse", "origin_response")
        viewer_response = at_edge(self, "ViewerResponse", "viewer_response")
        on_every_response = [
            origin_response.on(EVENTS.ORIGIN_RESPONSE),
            viewer_response.on(EVENTS.VIEWER_RESPONSE),
        ]

        site = cloudfront.Distribution(
            self,
            "Site",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origin,
                cache_policy=by_variant(self),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                edge_lambdas=[
                    viewer_request.on(EVENTS.VIEWER_REQUEST),
                    origin_request.on(EVENTS.ORIGIN_REQUEST),
                    *on_every_response,
                ],
            ),
            additional_behaviors={
                "/assets/*": cloudfront.BehaviorOptions(
                    origin=origin,
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    edge_lambdas=on_every_response,
                )
            },
        )
        keep_access_logs(self, site)


def at_edge(scope: Construct, id: str, module: str) -> EdgeFunction:
    """Define the function of one event."""
    return EdgeFunction(
        scope,
        id,
        code=handler_code("edge_site"),
        handler=f"{module}.handler",
        timeout=Duration.seconds(1),
        configuration=CONFIGURATION,
    )


def by_variant(scope: Construct) -> cloudfront.CachePolicy:
    """Cache each page once for each variant, as long as its origin says."""
    return cloudfront.CachePolicy(
        scope,
        "ByVariant",
        default_ttl=Duration.minutes(5),
        enable_accept_encoding_brotli=True,
        enable_accept_encoding_gzip=True,
        header_behavior=cloudfront.CacheHeaderBehavior.allow_list("X-Variant"),
    )


def keep_access_logs(scope: Stack, site: cloudfront.Distribution) -> None:
    """Have who asked for what delivered to a bucket, which needs no access lists."""
    kept = bucket(scope, "AccessLogs", keep=Duration.days(365))
    source = logs.CfnDeliverySource(
        scope,
        "AccessLogsSource",
        name=f"{scope.stack_name}-access-logs",
        log_type="ACCESS_LOGS",
        resource_arn=site.distribution_arn,
    )
    destination = logs.CfnDeliveryDestination(
        scope,
        "AccessLogsDestination",
        name=f"{scope.stack_name}-access-logs",
        destination_resource_arn=kept.bucket_arn,
        output_format="json",
    )
    delivery = logs.CfnDelivery(
        scope,
        "AccessLogsDelivery",
        delivery_source_name=source.name,
        delivery_destination_arn=destination.attr_arn,
    )
    delivery.node.add_dependency(source)
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
    delivers = iam.PolicyStatement(
        actions=["s3:PutObject"],
        resources=[kept.arn_for_objects(f"AWSLogs/{scope.account}/*")],
        conditions={
            "StringEquals": {
                "aws:SourceAccount": scope.account,
                "s3:x-amz-acl": "bucket-owner-full-control",
            },
            "ArnLike": {"aws:SourceArn": source.attr_arn},
        },
    )
    delivers.add_service_principal("delivery.logs.amazonaws.com")
    allowed = kept.add_to_resource_policy(delivers)
    if allowed.policy_dependable is not None:
        delivery.node.add_dependency(allowed.policy_dependable)


def bucket(scope: Construct, id: str, *, keep: Duration | None) -> s3.Bucket:
    """Define a bucket: encrypted, private, TLS only; objects go after *keep*."""
    return s3.Bucket(
        scope,
        id,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                abort_incomplete_multipart_upload_after=Duration.days(1),
                expiration=keep,
                noncurrent_version_expiration=Duration.days(30),
            )
        ],
        versioned=True,
    )
