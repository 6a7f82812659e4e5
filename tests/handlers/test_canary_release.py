"""Quotes, and the smoke test that decides whether a version of them goes live."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.handlers.conftest import LambdaContext

STEM = "canary_release"
VERSION = "arn:aws:lambda:eu-west-1:123456789012:function:quotes:7"
EVENT = {"DeploymentId": "d-ABCDEF123", "LifecycleEventHookExecutionId": "eyJlbmM"}


def request(**parameters: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/quote",
        "queryStringParameters": parameters,
        "headers": {},
        "requestContext": {
            "requestId": "1",
            "stage": "$default",
            "http": {"method": "GET", "path": "/quote"},
        },
        "isBase64Encoded": False,
    }


@pytest.fixture
def quotes(cold_start):
    return cold_start(STEM, "quotes")


def ask(quotes, **parameters: str) -> tuple[int, dict[str, Any]]:
    answer = quotes.handler(request(**parameters), LambdaContext())
    return answer["statusCode"], json.loads(answer["body"])


class TestQuotes:
    @pytest.mark.parametrize(
        ("zone", "weight", "price"),
        [
            ("home", "1", "4.50"),
            ("europe", "2.5", "12.13"),
            ("world", "31", "229.80"),
            ("home", "0.001", "4.00"),
        ],
    )
    def test_a_parcel_has_a_price_in_cents(self, quotes, zone, weight, price):
        """
        Rounded as a merchant does, and told with the version that says so.
        """
        status, body = ask(quotes, zone=zone, kg=weight)

        assert 200 == status
        assert {"zone": zone, "price": price, "version": "1"} == body

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"zone": "moon", "kg": "1"}, "zone must be one of home, europe, world"),
            ({"kg": "1"}, "zone must be one of home, europe, world"),
            ({"zone": "home"}, "kg must be a number"),
            ({"zone": "home", "kg": "much"}, "kg must be a number"),
            ({"zone": "home", "kg": "0"}, "kg must be above 0 and at most 31"),
            ({"zone": "home", "kg": "31.1"}, "kg must be above 0 and at most 31"),
            ({"zone": "home", "kg": "NaN"}, "kg must be above 0 and at most 31"),
        ],
    )
    def test_fails_if_the_parcel_cannot_be_sent(self, quotes, parameters, message):
        """
        The client is told why, and nothing counts as an error of the function.
        """
        assert (400, message) == (
            ask(quotes, **parameters)[0],
            ask(quotes, **parameters)[1]["message"],
        )


class TestSmokeTest:
    """moto runs no functions, so botocore's Stubber answers for the new version."""

    @pytest.fixture
    def tried(self, cold_start, monkeypatch):
        """Run the hook on a version that answers so; give what CodeDeploy is told."""
        module = cold_start(STEM, "smoke", NEW_VERSION=VERSION)
        told: list[Mapping[str, str]] = []

        class CodeDeploy:
            def put_lifecycle_event_hook_execution_status(self, **given: str) -> None:
                told.append(given)

        def run(answer: Callable[[Mapping[str, Any]], Any], error: bool = False):
            asked = []

            class Functions:
                def invoke(self, **given: Any) -> dict[str, Any]:
                    asked.append(given["FunctionName"])
                    found = answer(json.loads(given["Payload"]))
                    marks = {"FunctionError": "Unhandled"} if error else {}
                    return {"Payload": io.BytesIO(json.dumps(found).encode()), **marks}

            monkeypatch.setattr(module, "functions", Functions())
            monkeypatch.setattr(module, "codedeploy", CodeDeploy())
            module.handler(EVENT, LambdaContext())
            return told[-1], asked

        return run

    def test_a_fit_version_may_go_live(self, tried, cold_start):
        """
        What it is asked is what the quotes answer.
        """
        quotes = cold_start(STEM, "quotes")

        told, asked = tried(lambda event: quotes.handler(event, LambdaContext()))

        assert {
            "deploymentId": "d-ABCDEF123",
            "lifecycleEventHookExecutionId": "eyJlbmM",
            "status": "Succeeded",
        } == told
        assert [VERSION] * 4 == asked

    @pytest.mark.parametrize("price", ["0.00", "-4.50", "NaN", "free", None])
    def test_fails_if_a_price_is_none(self, tried, price):
        """
        The answer is 200, and its content is wrong.
        """

        def answer(event):
            bad = event["queryStringParameters"]["kg"] == "-1"
            bad = bad or event["queryStringParameters"]["zone"] == "moon"
            body = json.dumps({"price": price})
            return {"statusCode": 400 if bad else 200, "body": body}

        assert "Failed" == tried(answer)[0]["status"]

    def test_fails_if_everything_is_taken(self, tried):
        """
        A parcel to the moon has a price.
        """
        body = json.dumps({"price": "1.00"})

        told, _ = tried(lambda _: {"statusCode": 200, "body": body})

        assert "Failed" == told["status"]

    def test_fails_if_the_version_raises(self, tried):
        """
        Lambda marks such an answer.
        """
        told, _ = tried(lambda _: {"errorType": "KeyError"}, error=True)

        assert "Failed" == told["status"]

    def test_fails_if_the_version_cannot_be_invoked(self, tried):
        """
        CodeDeploy hears of it at once, not by an hour's silence.
        """

        def refuse(_):
            raise ConnectionError("no route")

        assert "Failed" == tried(refuse)[0]["status"]


def test_what_codedeploy_is_told_is_what_its_api_takes(cold_start):
    """
    By botocore's model of the call.
    """
    module = cold_start(STEM, "smoke", NEW_VERSION=VERSION)
    functions = boto3.client("lambda")
    module.functions = functions
    with Stubber(module.codedeploy) as codedeploy, Stubber(functions) as stub:
        stub.add_client_error("invoke", "AccessDeniedException")
        codedeploy.add_response(
            "put_lifecycle_event_hook_execution_status",
            {"lifecycleEventHookExecutionId": "eyJlbmM"},
            {
                "deploymentId": "d-ABCDEF123",
                "lifecycleEventHookExecutionId": "eyJlbmM",
                "status": "Failed",
            },
        )
        module.handler(EVENT, LambdaContext())

        codedeploy.assert_no_pending_responses()
