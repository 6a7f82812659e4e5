"""A catalogue behind an Application Load Balancer: items as JSON, and their images."""

from aws_cdk import (
    CfnParameter,
    CfnRule,
    CfnRuleAssertion,
    Duration,
    Fn,
    RemovalPolicy,
    Stack,
)
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import AlbEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

NO_CERTIFICATE = (
    "arn:aws:acm:us-east-1:123456789012:certificate/"
    "00000000-0000-0000-0000-000000000000"
)
BY_CATEGORY = "ByCategory"


class WebBackendStack(Stack):
    """Each request for an item is answered by HTTPS; all else the function never sees.

    Plain HTTP is redirected, unknown paths are refused by the load balancer, and what
    it refuses or forwards is in its access logs. The function is in isolated subnets,
    from which it reaches its table and its bucket, and nothing else. Deploy it with
    `--context certificate-arn=<ARN>` of a certificate in Certificate Manager, or with
    `--parameters CertificateArn=<ARN>`.

    A load balancer costs by the hour. It is open to the world; a web ACL of AWS WAF
    can be associated with it, and is not included.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="A catalogue behind a load balancer")
        Monitoring(topic=on_call(self)).apply_to(self)

        items = dynamodb.TableV2(
            self,
            "Items",
            partition_key=dynamodb.Attribute(
                name="item_id", type=dynamodb.AttributeType.STRING
            ),
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=BY_CATEGORY,
                    partition_key=dynamodb.Attribute(
                        name="category", type=dynamodb.AttributeType.STRING
                    ),
                    sort_key=dynamodb.Attribute(
                        name="item_id", type=dynamodb.AttributeType.STRING
                    ),
                )
            ],
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        images = bucket(self, "Images")
        vpc = self.network()

        catalogue = LambdaFunction(
            self,
            "Catalogue",
            code=handler_code("web_backend"),
            timeout=Duration.seconds(10),
            environment={
                "IMAGES_BUCKET": images.bucket_name,
                "ITEMS_INDEX": BY_CATEGORY,
                "ITEMS_TABLE": items.table_name,
                "POWERTOOLS_SERVICE_NAME": "catalogue",
            },
            # Isolated subnets, with a way to the table and the bucket, and no other.
            vpc=vpc,
        )
        catalogue.allow("dynamodb:GetItem", on=items)
        catalogue.allow("dynamodb:Query", on=items, at=f"index/{BY_CATEGORY}")
        catalogue.allow("s3:GetObject", on=images)
        # Without it S3 says "access denied" of an image that is not there.
        catalogue.allow("s3:ListBucket", on=images)

        listener = self.load_balancer(vpc).add_listener(
            "Https",
            port=443,
            certificates=[elbv2.ListenerCertificate.from_arn(self.certificate())],
            ssl_policy=elbv2.SslPolicy.TLS13_12_RES_PQ,
            default_action=elbv2.ListenerAction.fixed_response(
                404, content_type="text/plain", message_body="Not Found"
            ),
        )
        catalogue.add_event_source(
            AlbEventSource(
                listener,
                conditions=[
                    elbv2.ListenerCondition.path_patterns(["/items", "/items/*"])
                ],
                priority=100,
            )
        )

    def certificate(self) -> str:
        """Declare the parameter; what is not given is refused before all else."""
        given = CfnParameter(
            self,
            "CertificateArn",
            description="A certificate in AWS Certificate Manager, in this Region",
            default=self.node.try_get_context("certificate-arn") or NO_CERTIFICATE,
            allowed_pattern=r"arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/[a-f0-9-]+",
        )
        CfnRule(
            self,
            "CertificateIsGiven",
            assertions=[
                CfnRuleAssertion(
                    assert_=Fn.condition_not(
                        Fn.condition_equals(given.value_as_string, NO_CERTIFICATE)
                    ),
                    assert_description="CertificateArn is needed to answer by HTTPS",
                )
            ],
        )
        return given.value_as_string

    def network(self) -> ec2.Vpc:
        """Define public subnets for the load balancer, and isolated ones.

        What costs by the hour, NAT gateways and interface endpoints, nothing needs.
        """
        return ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            # It takes a function of CDK's own; nothing is in the default group.
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Public",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    map_public_ip_on_launch=False,
                ),
                ec2.SubnetConfiguration(
                    name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED
                ),
            ],
        )

    def load_balancer(self, vpc: ec2.Vpc) -> elbv2.ApplicationLoadBalancer:
        """Define the load balancer and its logs."""
        web = elbv2.ApplicationLoadBalancer(
            self,
            "Web",
            vpc=vpc,
            deletion_protection=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
            drop_invalid_header_fields=True,
            internet_facing=True,
        )
        web.add_redirect()
        self.log_requests(web)
        return web

    def log_requests(self, web: elbv2.ApplicationLoadBalancer) -> None:
        """Keep a line of each request for a year.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
        """
        # Not log_access_logs(), which wants to know the Region and lets every load
        # balancer of it write.
        logs = bucket(self, "AccessLogs", expiration=Duration.days(365))
        write = iam.PolicyStatement(
            actions=["s3:PutObject"],
            resources=[logs.arn_for_objects(f"AWSLogs/{self.account}/*")],
            conditions={
                "ArnLike": {
                    "aws:SourceArn": self.format_arn(
                        service="elasticloadbalancing",
                        resource="loadbalancer",
                        resource_name="*",
                    )
                }
            },
        )
        write.add_service_principal("logdelivery.elasticloadbalancing.amazonaws.com")
        written = logs.add_to_resource_policy(write)
        web.set_attribute("access_logs.s3.enabled", "true")
        web.set_attribute("access_logs.s3.bucket", logs.bucket_name)
        # Writing is tried when logging is switched on.
        if written.policy_dependable is not None:
            web.node.add_dependency(written.policy_dependable)


def bucket(
    scope: Construct,
    id: str,
    *,
    expiration: Duration | None = None,
) -> s3.Bucket:
    """Define a bucket: encrypted, private, TLS only, without leftovers of uploads."""
    return s3.Bucket(
        scope,
        id,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        # The one encryption that access logs may have.
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                abort_incomplete_multipart_upload_after=Duration.days(1),
                expiration=expiration,
                noncurrent_version_expiration=Duration.days(30),
            )
        ],
        removal_policy=RemovalPolicy.RETAIN,
        versioned=True,
    )
