"""Releases that go back by themselves: quotes behind a URL, and what tries them."""

from aws_cdk import Duration, Stack
from constructs import Construct

from lambda_constructs import Deployment, LambdaFunction, Monitoring
from lambda_constructs.event_sources import FunctionUrlEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class CanaryReleaseStack(Stack):
    """A new version is tried by `SmokeTest` before it gets a tenth of the requests.

    It gets the rest after five minutes, unless it fails, is slow, or answers 5xx: then
    the version before it is back, and the stack as well. The failure case is a release
    that `SmokeTest` refuses: no customer has seen it.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Quotes, released by and by")
        Monitoring(topic=on_call(self)).apply_to(self)

        smoke_test = LambdaFunction(
            self,
            "SmokeTest",
            code=handler_code("canary_release"),
            handler="smoke.handler",
            timeout=Duration.seconds(30),
            environment={"POWERTOOLS_SERVICE_NAME": "smoke-test"},
        )
        quotes = LambdaFunction(
            self,
            "Quotes",
            code=handler_code("canary_release"),
            handler="quotes.handler",
            timeout=Duration.seconds(5),
            environment={"POWERTOOLS_SERVICE_NAME": "quotes"},
            deployment=Deployment.canary(
                percentage=10,
                interval=Duration.minutes(5),
                before_traffic=smoke_test,
                max_latency=Duration.seconds(1),
            ),
        )
        quotes.add_event_source(FunctionUrlEventSource())
