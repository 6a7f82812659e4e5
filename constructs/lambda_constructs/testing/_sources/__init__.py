"""Services that push to functions: each in a module of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lambda_constructs.testing._sources.assistants import Bot
from lambda_constructs.testing._sources.buckets import Buckets
from lambda_constructs.testing._sources.codepipeline import Action, answer
from lambda_constructs.testing._sources.config import ConfigRule, put_evaluations
from lambda_constructs.testing._sources.events import Buses
from lambda_constructs.testing._sources.iot import TopicRules
from lambda_constructs.testing._sources.logs import LogGroups
from lambda_constructs.testing._sources.pipelines import Pipeline
from lambda_constructs.testing._sources.repositories import Repositories
from lambda_constructs.testing._sources.schedules import Schedules
from lambda_constructs.testing._sources.ses import Mail
from lambda_constructs.testing._sources.sns import Topics

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

__all__ = ["Sources"]


class Sources:
    """Every service of an account that pushes.

    Attributes:
        faults: How many of the next deliveries fail, by the path of what delivers.
    """

    def __init__(self, account: LocalAccount) -> None:
        self.schedules = Schedules(account)
        self.topics = Topics(account)
        self.buses = Buses(account)
        self.buckets = Buckets(account)
        self.log_groups = LogGroups(account)
        self.mail = Mail(account)
        self.topic_rules = TopicRules(account)
        self.repositories = Repositories(account)
        self.config_rules: dict[str, ConfigRule] = {}
        self.bots: dict[str, str] = {}
        self.bot_aliases: dict[str, Bot] = {}
        self.actions: dict[str, list[Action]] = {}
        self.pipelines: dict[str, Pipeline] = {}
        self.faults: dict[str, int] = {}
        # moto takes neither.
        served = account.served
        served.add("config", "PutEvaluations", partial(put_evaluations, account))
        for status, name in (("Succeeded", "Success"), ("Failed", "Failure")):
            done = partial(answer, account, status)
            served.add("codepipeline", f"PutJob{name}Result", done)
