"""Sign-up: who may, what is known of them then, and what their tokens say."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import CognitoEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

DOMAINS = ("example.com", "example.org")
GROUP = "members"
WAIT = Duration.seconds(5)  # as long as Cognito waits


class SignUpFlowStack(Stack):
    """Those of known mail domains may sign up; each has one profile, and is a member.

    The pool names the functions and they act on the pool, which they learn of from
    each event.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Sign-up with profiles and claims")
        Monitoring(topic=on_call(self)).apply_to(self)

        profiles = dynamodb.TableV2(
            self,
            "Profiles",
            partition_key=dynamodb.Attribute(
                name="user_id", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        pool = self.user_pool()

        gate = LambdaFunction(
            self,
            "Gate",
            code=handler_code("sign_up_flow"),
            handler="gate.handler",
            timeout=WAIT,
            environment={"ALLOWED_DOMAINS": ",".join(DOMAINS)},
        )
        gate.add_event_source(
            CognitoEventSource(pool, operation=cognito.UserPoolOperation.PRE_SIGN_UP)
        )

        welcome = LambdaFunction(
            self,
            "Welcome",
            code=handler_code("sign_up_flow"),
            handler="welcome.handler",
            timeout=WAIT,
            environment={"GROUP": GROUP, "PROFILES_TABLE": profiles.table_name},
        )
        welcome.allow("dynamodb:PutItem", on=profiles)
        welcome.allow("cognito-idp:AdminAddUserToGroup", on=pool)
        welcome.add_event_source(
            CognitoEventSource(
                pool, operation=cognito.UserPoolOperation.POST_CONFIRMATION
            )
        )

        claims = LambdaFunction(
            self,
            "Claims",
            code=handler_code("sign_up_flow"),
            handler="claims.handler",
            timeout=WAIT,
            environment={"PROFILES_TABLE": profiles.table_name},
        )
        claims.allow("dynamodb:GetItem", on=profiles)
        claims.add_event_source(
            CognitoEventSource(
                pool,
                operation=cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
                lambda_version=cognito.LambdaVersion.V2_0,
            )
        )

    def user_pool(self) -> cognito.UserPool:
        """Define the pool, its group, and the client that people sign in by."""
        pool = cognito.UserPool(
            self,
            "Users",
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            deletion_protection=True,
            feature_plan=cognito.FeaturePlan.ESSENTIALS,  # access tokens have claims
            keep_original=cognito.KeepOriginalAttrs(email=True),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(min_length=12),
            self_sign_up_enabled=True,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            standard_attributes=cognito.StandardAttributes(
                email=cognito.StandardAttribute(required=True)
            ),
        )
        pool.add_group("Members", group_name=GROUP)
        pool.add_client(
            "App",
            access_token_validity=Duration.minutes(15),
            auth_flows=cognito.AuthFlow(user_srp=True),
            disable_o_auth=True,
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
            refresh_token_validity=Duration.days(7),
        )
        return pool
