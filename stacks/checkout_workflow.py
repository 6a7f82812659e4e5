"""Step Functions and Lambda: a checkout that is done as a whole, or undone."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import StepFunctionsEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class CheckoutWorkflowStack(Stack):
    """Stock is reserved; then the account is charged while the courier is booked.

    Whatever fails, all that was taken is given back, and a step that comes too late
    finds that the order was cancelled.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="A checkout with compensation")
        Monitoring(topic=on_call(self)).apply_to(self)

        stock = self._step("Stock", handler="index.stock")
        payments = self._step("Payments", handler="index.payments")
        courier = self._step("Courier", handler="index.courier")

        cancelled = sfn.Fail(self, "Order cancelled", error="OrderCancelled")
        undo = (
            sfn.Chain.start(give_back(payments, "Refund account"))
            .next(give_back(courier, "Cancel courier"))
            .next(give_back(stock, "Release stock"))
            .next(cancelled)
        )
        reserve = take(stock, "Reserve stock")
        both = sfn.Parallel(self, "Pay and book", result_path=sfn.JsonPath.DISCARD)
        both.branch(take(payments, "Charge account"), take(courier, "Book courier"))

        rejected = sfn.Fail(self, "Order rejected", error="OrderRejected")
        reserve.add_catch(
            rejected,
            errors=["NotAvailableError", "InvalidOrderError"],
            result_path="$.error",
        )
        # Anything else may have happened before or after the stock was taken.
        for step in (reserve, both):
            step.add_catch(undo, errors=["States.ALL"], result_path="$.error")

        machine = sfn.StateMachine(
            self,
            "Checkout",
            definition_body=sfn.DefinitionBody.from_chainable(
                reserve.next(both).next(sfn.Succeed(self, "Order is placed"))
            ),
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    self, "Executions", retention=logs.RetentionDays.ONE_YEAR
                ),
                level=sfn.LogLevel.ALL,  # and nothing of the orders
            ),
            timeout=Duration.hours(1),
            tracing_enabled=True,
        )
        make_policy_managed(machine)

    def _step(self, id: str, *, handler: str) -> LambdaFunction:
        """Make a table of what there is, and the one function that changes it."""
        table = dynamodb.TableV2(
            self,
            f"{id}Table",
            partition_key=dynamodb.Attribute(
                name="id", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        function = LambdaFunction(
            self,
            id,
            code=handler_code("checkout_workflow"),
            handler=handler,
            timeout=Duration.seconds(10),
            environment={"TABLE": table.table_name, "POWERTOOLS_SERVICE_NAME": id},
        )
        function.allow(
            "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on=table
        )
        return function


def take(function: LambdaFunction, name: str) -> sfn.TaskStateBase:
    """Do a step; that another order was quicker is no reason to give up."""
    task = step(function, name, "take")
    task.add_retry(
        errors=["ConflictError"],
        interval=Duration.seconds(1),
        max_attempts=5,
        jitter_strategy=sfn.JitterType.FULL,
    )
    return task


def give_back(function: LambdaFunction, name: str) -> sfn.TaskStateBase:
    """Undo a step, however long it takes."""
    task = step(function, name, "give back")
    task.add_retry(
        errors=["States.ALL"],
        interval=Duration.seconds(5),
        max_attempts=20,
        max_delay=Duration.minutes(5),
        jitter_strategy=sfn.JitterType.FULL,
    )
    return task


def step(function: LambdaFunction, name: str, action: str) -> sfn.TaskStateBase:
    """Ask *function* to act on the order, which stays the workflow's state."""
    return function.add_event_source(
        StepFunctionsEventSource(
            name,
            payload=sfn.TaskInput.from_object(
                {"action": action, "order": sfn.JsonPath.object_at("$.order")}
            ),
            result_path=sfn.JsonPath.DISCARD,
        )
    )


def make_policy_managed(machine: sfn.StateMachine) -> None:
    """Turn the inline policy that CDK writes for a state machine into a managed one."""
    policy = machine.role.node.find_child("DefaultPolicy").node.default_child
    resource = machine.node.default_child
    assert isinstance(policy, iam.CfnPolicy)  # noqa: S101
    assert isinstance(resource, sfn.CfnStateMachine)  # noqa: S101
    policy.add_override("Type", "AWS::IAM::ManagedPolicy")
    policy.add_property_deletion_override("PolicyName")
    # The role, which CDK adds, is named by the state machine anyway.
    resource.add_override("DependsOn", [policy.logical_id])
