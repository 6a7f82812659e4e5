"""A support bot: Lex understands, a function knows the orders, people do the rest."""

from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lex as lex
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import LexEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

LOCALE = "en_GB"
HOOK = lex.CfnBot.FulfillmentCodeHookSettingProperty(enabled=True)


class SupportBotStack(Stack):
    """Who knows an order's number and postcode hears of it; others get to a person.

    Nothing of a conversation is logged: `Handovers` has the number alone.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="A bot that knows the shop's orders")
        Monitoring(topic=on_call(self)).apply_to(self)

        orders = dynamodb.TableV2(
            self,
            "Orders",
            partition_key=dynamodb.Attribute(
                name="order_id", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        handovers = sqs.Queue(
            self,
            "Handovers",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        alias = self.bot_alias()

        answers = LambdaFunction(
            self,
            "Answers",
            code=handler_code("support_bot"),
            timeout=Duration.seconds(10),
            environment={
                "HANDOVERS_QUEUE_URL": handovers.queue_url,
                "ORDERS_TABLE": orders.table_name,
            },
        )
        answers.allow("dynamodb:GetItem", on=orders)
        answers.allow("sqs:SendMessage", on=handovers)
        answers.add_event_source(LexEventSource(alias, locale_id=LOCALE))

    def bot_alias(self) -> lex.CfnBotAlias:
        """Define the bot, a version of it, and the alias that customers talk to."""
        # It talks in text, for which Lex needs nothing: speech would take Polly.
        ours = {"StringEquals": {"aws:SourceAccount": self.account}}
        trusted = iam.ServicePrincipal("lexv2.amazonaws.com", conditions=ours)
        role = iam.Role(self, "BotRole", assumed_by=cast("iam.IPrincipal", trusted))
        bot = lex.CfnBot(
            self,
            "Bot",
            name=f"{self.stack_name}-Support",
            role_arn=role.role_arn,
            data_privacy={"ChildDirected": False},  # JSON to CDK, as it is written
            idle_session_ttl_in_seconds=300,
            auto_build_bot_locales=True,
            bot_locales=[
                lex.CfnBot.BotLocaleProperty(
                    locale_id=LOCALE,
                    nlu_confidence_threshold=0.6,
                    intents=[order_status(), talk_to_person(), fallback()],
                )
            ],
        )
        # A snapshot: a bot that has changed needs another version, of another id.
        version = lex.CfnBotVersion(
            self,
            "Version1",
            bot_id=bot.attr_id,
            bot_version_locale_specification=[
                lex.CfnBotVersion.BotVersionLocaleSpecificationProperty(
                    locale_id=LOCALE,
                    bot_version_locale_details=(
                        lex.CfnBotVersion.BotVersionLocaleDetailsProperty(
                            source_bot_version="DRAFT"
                        )
                    ),
                )
            ],
        )
        return lex.CfnBotAlias(
            self,
            "Customers",
            bot_alias_name="customers",
            bot_id=bot.attr_id,
            bot_version=version.attr_bot_version,
        )


def order_status() -> lex.CfnBot.IntentProperty:
    """Ask for a number and a postcode, have both checked, and answer."""
    return lex.CfnBot.IntentProperty(
        name="OrderStatus",
        sample_utterances=utterances(
            "where is my order", "order status", "track order {OrderId}"
        ),
        dialog_code_hook=lex.CfnBot.DialogCodeHookSettingProperty(enabled=True),
        fulfillment_code_hook=HOOK,
        slots=[
            slot("OrderId", "What is the number of your order?"),
            slot("Postcode", "Which postcode does it go to?"),
        ],
        slot_priorities=[
            lex.CfnBot.SlotPriorityProperty(priority=number, slot_name=name)
            for number, name in enumerate(("OrderId", "Postcode"), start=1)
        ],
    )


def talk_to_person() -> lex.CfnBot.IntentProperty:
    """Let those go to a person who ask for one."""
    return lex.CfnBot.IntentProperty(
        name="TalkToPerson",
        sample_utterances=utterances("agent", "let me talk to a person"),
        fulfillment_code_hook=HOOK,
    )


def fallback() -> lex.CfnBot.IntentProperty:
    """Have the function say what comes of what the bot did not understand."""
    return lex.CfnBot.IntentProperty(
        name="FallbackIntent",
        parent_intent_signature="AMAZON.FallbackIntent",
        fulfillment_code_hook=HOOK,
    )


def slot(name: str, question: str) -> lex.CfnBot.SlotProperty:
    """Ask *question* for letters and digits, which no log of Lex's shows."""
    message = lex.CfnBot.MessageProperty(
        plain_text_message=lex.CfnBot.PlainTextMessageProperty(value=question)
    )
    return lex.CfnBot.SlotProperty(
        name=name,
        slot_type_name="AMAZON.AlphaNumeric",
        obfuscation_setting=lex.CfnBot.ObfuscationSettingProperty(
            obfuscation_setting_type="DefaultObfuscation"
        ),
        value_elicitation_setting=lex.CfnBot.SlotValueElicitationSettingProperty(
            slot_constraint="Required",
            prompt_specification=lex.CfnBot.PromptSpecificationProperty(
                max_retries=2,
                message_groups_list=[lex.CfnBot.MessageGroupProperty(message=message)],
            ),
        ),
    )


def utterances(*texts: str) -> list[lex.CfnBot.SampleUtteranceProperty]:
    """Give what customers may say."""
    return [lex.CfnBot.SampleUtteranceProperty(utterance=text) for text in texts]
