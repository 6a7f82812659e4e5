"""CloudFormation asks a function for a custom resource and takes its answer.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, CfnOutput, CustomResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import custom_resources as cr

from lambda_constructs.testing import AccountError

from .conftest import CONTEXT, make_function

ANSWER = """
import json, urllib.request
def handler(event, context):
    properties = event["ResourceProperties"]
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {
        "Status": "SUCCESS",
        "PhysicalResourceId": "thing-" + properties.get("Name", "x"),
        "Data": {"Url": "https://" + properties.get("Name", "x")},
    }
    if properties.get("Fail") == event["RequestType"]:
        answer |= {"Status": "FAILED", "Reason": "no such luck"}
    if properties.get("Long"):
        answer["Data"] = {"Long": "x" * 4096}
    if properties.get("Echo") == "false":
        answer["NoEcho"] = True
    if properties.get("Drop"):
        del answer[properties["Drop"]]
    if properties.get("Raise"):
        raise RuntimeError("broken")
    if properties.get("Silent"):
        return
    urllib.request.urlopen(urllib.request.Request(
        event["ResponseURL"], json.dumps(answer).encode(), method="PUT"))
"""


@pytest.fixture
def deploy(account):
    """Deploy custom resources of the given properties, by id."""

    def deploy(code=ANSWER, timeout=None, retain=(), **resources):
        stack = Stack(App(context=CONTEXT), "Shop")
        function = make_function(stack, code)
        before = None
        for id, properties in resources.items():
            made = CustomResource(
                stack,
                id,
                service_token=function.live.function_arn,
                resource_type="Custom::Thing",
                properties=properties,
                service_timeout=timeout,
                removal_policy=RemovalPolicy.RETAIN if id in retain else None,
            )
            if before is not None:
                made.node.add_dependency(before)
            before = made
            CfnOutput(stack, f"{id}Ref", value=made.ref)
            CfnOutput(stack, f"{id}Url", value=made.get_att_string("Url"))
        return account.deploy(stack)

    return deploy


def asked(account):
    [state] = [
        each for each in account.functions.values() if each.path == "Worker/Function"
    ]
    return [
        (each.event["RequestType"], each.event["LogicalResourceId"])
        for each in state.invocations
    ]


def test_the_answer_is_what_the_template_refers_to(deploy):
    """
    Ref is the physical id, GetAtt is in Data.
    """
    stack = deploy(A={"Name": "a"})

    assert "thing-a" == stack.outputs["ARef"]
    assert "https://a" == stack.outputs["AUrl"]


def test_the_event_has_every_field(deploy):
    """
    Scalars of the properties arrive as text.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-create.html
    """
    stack = deploy(A={"Name": "a", "Count": 3, "Deep": {"On": True}})

    [invocation] = stack.function("Worker").invocations
    event = invocation.event
    assert "Create" == event["RequestType"]
    assert "Custom::Thing" == event["ResourceType"]
    assert "A" == event["LogicalResourceId"]
    assert event["ResponseURL"].startswith("http://127.0.0.1:")
    assert event["StackId"].startswith("arn:aws:cloudformation:eu-west-1:123456789012")
    assert event["ServiceToken"] == event["ResourceProperties"]["ServiceToken"]
    assert "3" == event["ResourceProperties"]["Count"]
    assert {"On": "true"} == event["ResourceProperties"]["Deep"]
    assert "PhysicalResourceId" not in event


def test_a_failure_stops_the_deployment_and_rolls_back(account, deploy):
    """
    The reason is the function's; what was created before is deleted.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    with pytest.raises(AccountError, match="B/Default: Create failed: no such luck"):
        deploy(A={"Name": "a"}, B={"Name": "b", "Fail": "Create"})

    expected = [("Create", "A"), ("Create", "B"), ("Delete", "B"), ("Delete", "A")]
    assert expected == asked(account)


def test_no_answer_is_a_failure_after_the_service_timeout(account, deploy):
    """
    An hour, unless the template says less; Lambda retries an error meanwhile.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-customresource.html
    """
    with pytest.raises(AccountError, match=r"did not receive a response.* 300 s.*brok"):
        deploy(timeout=Duration.minutes(5), A={"Raise": "yes"})

    # Create and its rollback, each with Lambda's two retries.
    assert ["Create"] * 3 + ["Delete"] * 3 == [kind for kind, _ in asked(account)]
    assert 600 == account.elapsed()


def test_the_timeout_is_an_hour(account, deploy):
    """
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-customresource.html
    """
    with pytest.raises(AccountError, match="3600 s"):
        deploy(A={"Silent": "yes"})

    assert 7200 == account.elapsed()


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"Long": "yes"}, "Response object is too long"),
        ({"Drop": "PhysicalResourceId"}, "Invalid PhysicalResourceId"),
        ({"Drop": "RequestId"}, "does not repeat the request's RequestId"),
        ({"Drop": "Status"}, "Status must be SUCCESS or FAILED"),
    ],
)
def test_a_bad_response_is_a_failure(deploy, properties, said):
    """
    At most 4,096 bytes; ids as in the request.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    with pytest.raises(AccountError, match=said):
        deploy(A=properties)


def test_no_echo_masks_the_data(account, deploy):
    """
    The template still gets it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    stack = deploy(A={"Name": "a", "Echo": "false"}, B={"Name": "b"})

    shown = [each.detail for each in account.timeline if each.what == "answered"]
    assert ["thing-a *****", 'thing-b {"Url": "https://b"}'] == shown
    assert "https://a" == stack.outputs["AUrl"]


def test_deleting_asks_the_last_first(account, deploy):
    """
    What is retained is not asked.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-delete.html
    """
    stack = deploy(retain=["B"], A={"Name": "a"}, B={"Name": "b"}, C={"Name": "c"})

    stack.delete()

    assert [("Delete", "C"), ("Delete", "A")] == asked(account)[3:]
    event = stack.function("Worker").invocations[-1].event
    assert "thing-a" == event["PhysicalResourceId"]


def test_an_update_that_keeps_the_id_changes_in_place(account, deploy):
    """
    The event has both the old and the new properties.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-update.html
    """
    stack = deploy(A={"Name": "a", "Size": "1"})

    stack.custom_resource("A").update(Size="2")

    event = stack.function("Worker").invocations[-1].event
    assert "Update" == event["RequestType"]
    assert "1" == event["OldResourceProperties"]["Size"]
    assert "2" == event["ResourceProperties"]["Size"]
    assert "thing-a" == event["PhysicalResourceId"]


def test_an_update_that_changes_the_id_deletes_the_old_one(account, deploy):
    """
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-update.html
    """
    stack = deploy(A={"Name": "a"})

    stack.custom_resource("A").update(Name="b")

    assert ["Create", "Update", "Delete"] == [kind for kind, _ in asked(account)]
    last = stack.function("Worker").invocations[-1].event
    assert "thing-a" == last["PhysicalResourceId"]
    assert "thing-b" == stack.custom_resource("A").physical_id


def test_an_update_that_fails_goes_back(account, deploy):
    """
    Another update with the properties the other way round.
    """
    stack = deploy(A={"Name": "a"})

    with pytest.raises(AccountError, match="Update failed: no such luck"):
        stack.custom_resource("A").update(Fail="Update")

    last = stack.function("Worker").invocations[-1].event
    assert "Fail" in last["OldResourceProperties"]
    assert "Fail" not in last["ResourceProperties"]


def test_a_custom_resource_in_node_is_not_modelled(account):
    """
    CDK's own helpers are listed, not skipped in silence.
    """
    stack = Stack(App(context=CONTEXT), "Shop")
    function = lambda_.Function(
        stack,
        "Node",
        runtime=lambda_.Runtime.NODEJS_22_X,
        handler="index.handler",
        code=lambda_.Code.from_inline("exports.handler = async () => 1"),
    )
    CustomResource(stack, "A", service_token=function.function_arn)

    account.deploy(stack)

    assert "custom resource in nodejs22.x" == account.unmodelled["A/Default"]


ON_EVENT = """
def handler(event, context):
    if event["ResourceProperties"].get("Fail") == event["RequestType"]:
        raise RuntimeError("no such luck")
    if event["RequestType"] != "Delete":
        return {"PhysicalResourceId": "made", "Data": {"Url": "u"}}
"""

IS_COMPLETE = """
calls = []
def handler(event, context):
    calls.append(event)
    done = len(calls) > int(event["ResourceProperties"].get("Wait", 0))
    return {"IsComplete": done, **({"Data": {"Calls": len(calls)}} if done else {})}
"""


@pytest.fixture
def provide(account):
    """Deploy a custom resource of CDK's provider framework."""

    def provide(is_complete=False, **properties):
        assets = {"aws:cdk:enable-asset-metadata": True}
        stack = Stack(App(context=CONTEXT | assets), "Shop")
        options = {}
        if is_complete:
            options = {
                "is_complete_handler": make_function(stack, IS_COMPLETE, "Ready").live,
                "query_interval": Duration.seconds(30),
                "total_timeout": Duration.minutes(10),
            }
        handler = make_function(stack, ON_EVENT)
        provider = cr.Provider(
            stack, "Provider", on_event_handler=handler.live, **options
        )
        token = provider.service_token
        made = CustomResource(stack, "A", service_token=token, properties=properties)
        CfnOutput(stack, "Ref", value=made.ref)
        CfnOutput(stack, "Url", value=made.get_att_string("Url"))
        if is_complete:
            CfnOutput(stack, "Calls", value=made.get_att_string("Calls"))
        return account.deploy(stack)

    return provide


def test_a_provider_gets_what_the_handler_returns(provide):
    """
    The framework answers CloudFormation.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html
    """
    stack = provide()

    assert {"Ref": "made", "Url": "u"} == stack.outputs
    stack.delete()
    last = stack.function("Worker").invocations[-1].event
    assert ("Delete", "made") == (last["RequestType"], last["PhysicalResourceId"])


def test_a_provider_waits_until_it_is_complete(account, provide):
    """
    It asks at once and then at each interval.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html
    """
    stack = provide(is_complete=True, Wait="4")

    at = [round(each.at) for each in stack.function("Ready").invocations]
    assert [0, 30, 60, 90, 120] == at
    assert 5 == stack.outputs["Calls"]
    assert "u" == stack.outputs["Url"]


def test_a_provider_gives_up_after_the_total_timeout(account, provide):
    """
    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html
    """
    with pytest.raises(AccountError, match="Operation timed out"):
        provide(is_complete=True, Wait="1000")


def test_a_provider_reports_the_handlers_error(account, provide):
    """
    A resource that was never created is not deleted.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html
    """
    with pytest.raises(AccountError, match="no such luck"):
        provide(Fail="Create")

    assert ["Create"] == [kind for kind, _ in asked(account)]
