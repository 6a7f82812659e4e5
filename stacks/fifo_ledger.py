"""A ledger behind a FIFO queue: transfers are booked in order, each of them once."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import SqsEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class FifoLedgerStack(Stack):
    """Each transfer moves money once, or is rejected once, in the order of its payer.

    A message's group is the account that pays. What is no transfer ends in
    `DeadLetters`, and its account goes on without it.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Transfers from a queue into a ledger")
        Monitoring(topic=on_call(self)).apply_to(self)

        accounts = self.table("Accounts", "account_id")
        entries = self.table(
            "Entries",
            "account_id",
            dynamodb.Attribute(name="number", type=dynamodb.AttributeType.NUMBER),
        )
        transfers = self.table("Transfers", "transfer_id")
        dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            fifo=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # "By queue" would name the queue, which names this one.
            redrive_allow_policy=sqs.RedriveAllowPolicy(
                redrive_permission=sqs.RedrivePermission.ALLOW_ALL
            ),
            retention_period=Duration.days(14),
        )
        queue = sqs.Queue(
            self,
            "Queue",
            fifo=True,
            # Accounts do not share a throughput of 300 messages a second.
            deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP,
            fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=dead_letters, max_receive_count=5
            ),
        )

        ledger = LambdaFunction(
            self,
            "Ledger",
            code=handler_code("fifo_ledger"),
            timeout=Duration.seconds(30),
            environment={
                "ACCOUNTS_TABLE": accounts.table_name,
                "DEAD_LETTERS_URL": dead_letters.queue_url,
                "ENTRIES_TABLE": entries.table_name,
                "POWERTOOLS_SERVICE_NAME": "ledger",
                "TRANSFERS_TABLE": transfers.table_name,
            },
        )
        ledger.allow("dynamodb:GetItem", "dynamodb:UpdateItem", on=accounts)
        ledger.allow("dynamodb:PutItem", on=entries)
        ledger.allow("dynamodb:GetItem", "dynamodb:PutItem", on=transfers)
        ledger.allow("sqs:SendMessage", on=dead_letters)
        ledger.add_event_source(SqsEventSource(queue, max_concurrency=20))

    def table(
        self, id: str, key: str, sort_key: dynamodb.Attribute | None = None
    ) -> dynamodb.TableV2:
        """Make a table that outlives the stack, and that can be restored."""
        return dynamodb.TableV2(
            self,
            id,
            partition_key=dynamodb.Attribute(
                name=key, type=dynamodb.AttributeType.STRING
            ),
            sort_key=sort_key,
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
