"""What a test does with the services that push."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lambda_constructs.errors import nearest
from lambda_constructs.testing._moto import published_to, read_body
from lambda_constructs.testing._sources.assistants import BotAlias, Skill
from lambda_constructs.testing._sources.letters import Letter
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing._sources.codepipeline import Action
    from lambda_constructs.testing._sources.config import ConfigRule
    from lambda_constructs.testing._sources.pipelines import Pipeline
    from lambda_constructs.testing.account import LocalAccount


EMPTY: Mapping[str, str | bytes | None] = MappingProxyType({})


@dataclass(frozen=True)
class Topic:
    """A topic, as its publishers see it."""

    account: LocalAccount
    arn: str
    path: str

    def publish(
        self,
        message: object,
        *,
        subject: str | None = None,
        attributes: Mapping[str, str | int | float | Sequence[str]] | None = None,
        group: str | None = None,
        deduplication: str | None = None,
    ) -> None:
        """Publish a message; what is not text is sent as JSON."""
        text = message if isinstance(message, str) else json.dumps(message)
        given: dict[str, Any] = {"TopicArn": self.arn, "Message": text}
        if subject is not None:
            given["Subject"] = subject
        if attributes:
            given["MessageAttributes"] = {
                name: _attribute(each) for name, each in attributes.items()
            }
        if group is not None:
            given["MessageGroupId"] = group
        if deduplication is not None:
            given["MessageDeduplicationId"] = deduplication
        self.account.client("sns").publish(**given)

    def messages(self) -> list[Any]:
        """Give all that was published to it, in order; JSON is parsed."""
        return [read_body(each) for each in published_to(self.account, self.arn)]


@dataclass(frozen=True)
class Subscription:
    """A subscription of a topic."""

    account: LocalAccount
    path: str

    def fail(self, *, times: int = 1) -> None:
        """Let the next deliveries find no endpoint, which SNS does not try again.

        https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
        """
        faults = self.account.sources.faults
        faults[self.path] = faults.get(self.path, 0) + times


@dataclass(frozen=True)
class LogGroup:
    """A log group, as an application that logs to it sees it."""

    account: LocalAccount
    name: str

    def write(self, *lines: object, stream: str = "test") -> None:
        """Log lines in one call; what is not text is logged as JSON."""
        logs = self.account.client("logs")
        known = logs.describe_log_streams(
            logGroupName=self.name, logStreamNamePrefix=stream
        )
        if stream not in [each["logStreamName"] for each in known["logStreams"]]:
            logs.create_log_stream(logGroupName=self.name, logStreamName=stream)
        now = int(self.account.clock.now() * 1000)
        texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
        logs.put_log_events(
            logGroupName=self.name,
            logStreamName=stream,
            logEvents=[{"timestamp": now, "message": each} for each in texts],
        )


@dataclass(frozen=True)
class Bus:
    """An event bus, as its senders see it."""

    account: LocalAccount
    name: str

    def put(
        self,
        detail_type: str,
        detail: object,
        *,
        source: str = "test",
        resources: Sequence[str] = (),
    ) -> None:
        """Send an event; one of AWS's own sources is sent as that service does."""
        if source.startswith("aws."):
            buses = self.account.sources.buses
            event = buses.event(source, detail_type, detail, resources)
            buses.receive(self.name, event)
            return
        entry = {
            "EventBusName": self.name,
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "Resources": list(resources),
        }
        self.account.client("events").put_events(Entries=[entry])


@dataclass(frozen=True)
class Rule:
    """A rule of a bus or of a topic of IoT, or a schedule."""

    account: LocalAccount
    path: str

    def fail(self, *, times: int = 1) -> None:
        """Let the next deliveries meet a throttled target."""
        faults = self.account.sources.faults
        faults[self.path] = faults.get(self.path, 0) + times


@dataclass(frozen=True)
class Repository:
    """A repository, as its developers see it."""

    account: LocalAccount
    name: str

    def commit(
        self, branch: str = "main", *, files: Mapping[str, str | bytes | None] = EMPTY
    ) -> str:
        """Commit to a branch without pushing; the next push brings it. Give its id.

        A file that becomes None is deleted.
        """
        return self.account.sources.repositories.commit(self.name, branch, files)

    def push(
        self,
        branch: str = "main",
        *,
        event: str = "updateReference",
        files: Mapping[str, str | bytes | None] = EMPTY,
    ) -> str:
        """Push a commit to a branch; give its id."""
        return self.account.sources.repositories.push(self.name, branch, event, files)


class SourceHandles:
    """The services that push, of a deployed stack."""

    account: LocalAccount

    if TYPE_CHECKING:

        def physical_id(self, path: str, *types: str) -> str:
            """Give what `Ref` gives."""

    def topic(self, path: str) -> Topic:
        """Give a topic by its construct path below the stack."""
        return Topic(self.account, self.physical_id(path, "AWS::SNS::Topic"), path)

    def subscription(self, path: str) -> Subscription:
        """Give a subscription by its construct path below the stack."""
        self.physical_id(path, "AWS::SNS::Subscription")
        return Subscription(self.account, path)

    def log_group(self, path: str) -> LogGroup:
        """Give a log group by its construct path below the stack."""
        name = self.physical_id(path, "AWS::Logs::LogGroup")
        return LogGroup(self.account, name)

    def bus(self, path: str | None = None) -> Bus:
        """Give an event bus by its construct path, or the default one."""
        if path is None:
            return Bus(self.account, "default")
        return Bus(self.account, self.physical_id(path, "AWS::Events::EventBus"))

    def rule(self, path: str) -> Rule:
        """Give a rule by its construct path below the stack."""
        self.physical_id(path, "AWS::Events::Rule")
        return Rule(self.account, path)

    def schedule(self, path: str) -> Rule:
        """Give a schedule by its construct path below the stack."""
        self.physical_id(path, "AWS::Scheduler::Schedule")
        return Rule(self.account, path)

    def topic_rule(self, path: str) -> Rule:
        """Give a rule of IoT by its construct path below the stack."""
        self.physical_id(path, "AWS::IoT::TopicRule")
        return Rule(self.account, path)

    def repository(self, path: str) -> Repository:
        """Give a repository by its construct path below the stack."""
        name = self.physical_id(path, "AWS::CodeCommit::Repository")
        return Repository(self.account, name)

    def bot_alias(self, path: str) -> BotAlias:
        """Give an alias of a Lex bot by its construct path below the stack."""
        ref = self.physical_id(path, "AWS::Lex::BotAlias")
        return BotAlias(self.account, self.account.sources.bot_aliases[ref], path)

    def skill(self, path: str, id: str, *, qualifier: str = "live") -> Skill:
        """Give a skill of Alexa that calls a function, by the function's path.

        *id* is the skill's, as `amzn1.ask.skill.` and a UUID.
        """
        name = self.physical_id(path, "AWS::Lambda::Function")
        arn = self.account.functions[name].arn_of(qualifier)
        return Skill(self.account, arn, id)

    def config_rule(self, path: str) -> ConfigRule:
        """Give a rule of AWS Config by its construct path below the stack."""
        name = self.physical_id(path, "AWS::Config::ConfigRule")
        return self.account.sources.config_rules[name]

    def pipeline(self, path: str) -> Pipeline:
        """Give a pipeline by its construct path: `start()` it, and look at `runs`."""
        name = self.physical_id(path, "AWS::CodePipeline::Pipeline")
        return self.account.sources.pipelines[name]

    def pipeline_action(self, path: str, name: str) -> Action:
        """Give an action of a pipeline that invokes a function.

        Raises:
            AccountError: There is no such action.
        """
        pipeline = self.physical_id(path, "AWS::CodePipeline::Pipeline")
        actions = {each.name: each for each in self.account.sources.actions[pipeline]}
        if name not in actions:
            raise AccountError(
                f"{path} has no action {name!r}" + nearest(name, actions)
            )
        return actions[name]

    def receive_email(
        self,
        *,
        to: Sequence[str],
        sender: str = "someone@example.com",
        subject: str = "",
        body: str = "",
        message: EmailMessage | None = None,
        verdicts: Mapping[str, str] | None = None,
        rule_set: str | None = None,
    ) -> str:
        """Receive a mail, as if the rule set were the active one of the Region.

        A *message* is taken as it is, with its own subject, body and attachments.
        *verdicts* are those of SES that are not `PASS`, as `{"spam": "FAIL"}`.
        Gives the id that SES gave it.
        """
        account = self.account
        number = f"{account.random.getrandbits(160):040x}"
        now = datetime.fromtimestamp(account.clock.now(), UTC)
        if message is None:
            message = EmailMessage()
            message["Subject"] = subject
            message.set_content(body)
        for name, value in (
            ("From", sender),
            ("To", ", ".join(to)),
            ("Date", format_datetime(now)),
            ("Message-ID", f"<{number}@example.com>"),
        ):
            if name not in message:
                message[name] = value
        mail = account.sources.mail
        kind = "AWS::SES::ReceiptRuleSet"
        name = self.physical_id(rule_set, kind) if rule_set else mail.only_set()
        letter = Letter(number, sender, tuple(to), message, dict(verdicts or {}))
        mail.receive(name, letter)
        return number


def _attribute(value: object) -> dict[str, str]:
    if isinstance(value, str):
        return {"DataType": "String", "StringValue": value}
    kind = "Number" if isinstance(value, int | float) else "String.Array"
    return {"DataType": kind, "StringValue": json.dumps(value)}
