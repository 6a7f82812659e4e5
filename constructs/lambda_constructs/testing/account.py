"""An AWS account in the test process."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import boto3
from aws_cdk import Stack
from aws_cdk.cx_api import CloudAssembly
from botocore import xform_name
from moto import mock_aws

from lambda_constructs.errors import nearest
from lambda_constructs.testing import _cognito, _firehose
from lambda_constructs.testing._asynchronous import Asynchronous
from lambda_constructs.testing._authority import OWN_KEY, Authority
from lambda_constructs.testing._calls import ServiceFault
from lambda_constructs.testing._clock import SimulatedClock
from lambda_constructs.testing._custom_resources import CustomResources
from lambda_constructs.testing._deploy import deploy, templates_of
from lambda_constructs.testing._environment import ACCOUNT
from lambda_constructs.testing._faults import Faults
from lambda_constructs.testing._firehose import DeliveryStreamState
from lambda_constructs.testing._functions import FunctionState
from lambda_constructs.testing._http.tokens import make_token
from lambda_constructs.testing._invoke_api import InvokeApi
from lambda_constructs.testing._metrics import LAMBDA, Metrics
from lambda_constructs.testing._models import shared_models
from lambda_constructs.testing._moto import (
    quick_queues,
    quick_start,
    unguarded_buckets,
)
from lambda_constructs.testing._observers import Observers
from lambda_constructs.testing._packages import Packages
from lambda_constructs.testing._releasing import Releases
from lambda_constructs.testing._resources._create import Request
from lambda_constructs.testing._s3_batch import BatchJob, BatchTask
from lambda_constructs.testing._served import Served
from lambda_constructs.testing._sources import Sources
from lambda_constructs.testing._workflows import RUN_WORKFLOWS, Workflows
from lambda_constructs.testing.errors import AccountError
from lambda_constructs.testing.metrics import Series
from lambda_constructs.testing.stack import DeployedStack
from lambda_constructs.testing.timeline import Happening, Timeline

if TYPE_CHECKING:
    from lambda_constructs.testing._proof.trial import Contract
    from lambda_constructs.testing.proof import PermissionReport

__all__ = ["LocalAccount"]

STEPS = 1_000_000
"""More things than this in one settle() is a loop, not work."""


class Poller(Protocol):
    """An event source mapping at work."""

    def poll(self) -> bool:
        """Take what is there now; tell whether there was anything to do."""


class LocalAccount:
    """An account on moto, with Lambda's own behaviour, on simulated time.

    Attributes:
        id: The account's number.
        region: Its one Region.
        seed: What decides everything that AWS leaves to chance.
        timeline: What happened; prints as one line each.
        unmodelled: What was deployed and is not modelled, by construct path.
    """

    def __init__(self, *, seed: int = 0, region: str = "eu-west-1") -> None:
        self.id = ACCOUNT
        self.region = region
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311
        self.timeline = Timeline()
        self.unmodelled: dict[str, str] = {}
        self.clock = SimulatedClock()
        self.faults = Faults()
        self.packages = Packages()
        self.functions: dict[str, FunctionState] = {}
        self.pollers: list[Poller] = []
        self.observers = Observers()
        self.measured = Metrics(self)
        self.served = Served()
        InvokeApi(self)
        self.custom_resources = CustomResources(self)
        self.workflows = Workflows(self)
        self.user_pools: dict[str, dict[str, Any]] = {}
        self.delivery_streams: dict[str, DeliveryStreamState] = {}
        _cognito.serve(self)
        _firehose.serve(self)
        self.asynchronous = Asynchronous(self)
        self.sources = Sources(self)
        self.releases = Releases(self)
        self.alarms: dict[str, Mapping[str, Any]] = {}
        self.exports: dict[str, Any] = {}
        self._clients: dict[str, Any] = {}
        self.paths: dict[str, str] = {}
        self.log_groups: set[str] = set()
        self.log_destinations: dict[str, str] = {}
        self._urls: dict[str, str] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Take over the time and the AWS clients of this process."""
        self._open.callback(self.packages.close)
        self._open.callback(self.custom_resources.close)
        self._open.callback(self.workflows.close)
        # It sets credentials of its own.
        with quick_start():
            self._open.enter_context(mock_aws(config=RUN_WORKFLOWS))
        self._open.enter_context(shared_models())
        self._open.enter_context(self._own_credentials())
        self._open.enter_context(self.clock.running())
        self._open.enter_context(quick_queues(self.clock))
        self._open.enter_context(unguarded_buckets())
        self.authority = Authority(self)
        self._open.enter_context(self.served.watching())  # asked after the authority
        self._open.enter_context(self.authority.watching())
        self._open.enter_context(self.observers.watching())
        return self

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        self._open.close()

    # --- what a test does --------------------------------------------------

    def deploy(
        self,
        what: type[Stack] | Stack | CloudAssembly | Mapping[str, Any] | str | Path,
        *,
        parameters: Mapping[str, str] | None = None,
    ) -> DeployedStack:
        """Create what a stack's template says; of several stacks, give the last.

        *what* is a stack's class, a stack, a cloud assembly or its folder, or a
        template.

        Raises:
            AccountError: The template cannot be deployed.
        """
        deployed: DeployedStack | None = None
        for name, template, folder in templates_of(
            what, self.packages.folder, self.region
        ):
            deployed = deploy(self, name, template, folder, parameters or {})
        if deployed is None:
            raise AccountError("there is no stack to deploy; define one in the app")
        return deployed

    def settle(self) -> None:
        """Let time pass until nothing is in flight and nothing is left to do.

        Schedules do not fire, for that would never end; see `advance()`.
        """
        self._run(None)

    def advance(self, duration: timedelta | float) -> None:
        """Let this much time pass, and schedules fire; a number is seconds."""
        length = (
            duration.total_seconds() if isinstance(duration, timedelta) else duration
        )
        until = self.clock.now() + length
        self._run(until)
        self.clock.move_to(until)

    def fail_calls(
        self,
        service: str,
        operation: str,
        code: str = "InternalServerError",
        *,
        times: int = 1,
        after: int = 0,
    ) -> None:
        """Let the next calls of handlers fail in the service that they call.

        It looks to the handler as if the SDK's own retries were used up. *service*
        and *operation* are botocore's names, as in `"dynamodb", "PutItem"`; *after*
        so many calls that succeed.
        """
        status = 500 if code.startswith(("Internal", "Service")) else 400
        fault = ServiceFault(code, status=status)
        self.faults.add_to_calls(service, operation, fault, times, after)

    def make_token(
        self, issuer: str, *, audience: str | Sequence[str] = (), **claims: Any
    ) -> str:
        """Make a JSON web token as *issuer* would; it is good for an hour from now.

        *claims* are added, or replace those; the kit does not check the signature.
        """
        now = int(self.clock.now())
        given = {"iss": issuer, "iat": now, "exp": now + 3600}
        return make_token(
            {**given, **({"aud": audience} if audience else {}), **claims}
        )

    def run_batch_job(self, request: Mapping[str, Any]) -> list[BatchTask]:
        """Run a job of S3 Batch Operations, as `s3control.create_job` takes it.

        Raises:
            AccountError: Its manifest cannot be read.
        """
        return BatchJob(self, request).run()

    def metrics(
        self,
        name: str,
        *,
        namespace: str = LAMBDA,
        dimensions: Mapping[str, str] | None = None,
    ) -> Series:
        """Give a metric as CloudWatch has it, from Lambda or from a handler.

        It is the one with these dimensions, no more and no less; Lambda's without
        any are over all functions. See `function.metrics` for those of one function.

        Raises:
            AccountError: Lambda has no such metric.
        """
        return self.measured.find(name, namespace=namespace, dimensions=dimensions)

    def assert_least_privilege(self) -> None:
        """Fail if a function lacks a permission that it used, or has one it did not.

        Raises:
            AssertionError: One line for each grant that is missing or superfluous.
        """
        faults = [
            f"{state.path}: {word} {action} on {resource}"
            for state in self.functions.values()
            if state.is_python
            for word, pairs in (
                ("misses", self.authority.access(state).missing),
                ("never used", self.authority.access(state).unused),
            )
            for action, resource in sorted(pairs)
        ]
        if faults:
            raise AssertionError("not least privilege:\n" + "\n".join(faults))

    def prove_permissions(
        self,
        what: type[Stack] | Stack | CloudAssembly | Mapping[str, Any] | str | Path,
        contract: Contract,
        *,
        parameters: Mapping[str, str] | None = None,
    ) -> PermissionReport:
        """Take each grant of a stack away in turn, and see the contract fail.

        *contract* gets the deployed stack, drives it, and asserts what has to hold.
        It runs once with all grants, and then for each action on each resource of
        every policy without it, each time in a new account; this one has to be empty,
        and is left empty. A grant is necessary if the contract fails without it, or a
        service is refused a call that it made before. What the policies of queues,
        topics, buckets, keys, secrets, buses and functions keep out is attacked.

        Raises:
            AccountError: There is something in the account already.
        """
        if self.paths or self.functions or self.timeline:
            raise AccountError(
                "prove_permissions() makes accounts of its own, but there is something "
                "in this one; call it before deploy()"
            )
        from lambda_constructs.testing.proof import prove

        self.__exit__(None, None, None)
        try:
            return prove(
                what, contract, parameters or {}, seed=self.seed, region=self.region
            )
        finally:
            LocalAccount.__init__(self, seed=self.seed, region=self.region)
            self.__enter__()

    @contextmanager
    def _own_credentials(self) -> Iterator[None]:
        """Let the test's own clients reach this account, and no other."""
        before = {name: os.environ[name] for name in os.environ if name[:4] == "AWS_"}
        session, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, None
        for name in before:
            del os.environ[name]
        os.environ.update(
            AWS_ACCESS_KEY_ID=OWN_KEY,
            AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",  # moto knows no such hosts
            AWS_SECRET_ACCESS_KEY="testing",  # noqa: S106
            AWS_DEFAULT_REGION=self.region,
        )
        try:
            yield
        finally:
            for name in [name for name in os.environ if name[:4] == "AWS_"]:
                del os.environ[name]
            os.environ.update(before)
            boto3.DEFAULT_SESSION = session

    # --- what the parts of the account use ---------------------------------

    def client(self, service: str) -> Any:
        """Give a client of the account's own, which may do everything."""
        if service not in self._clients:
            session: Any = boto3.Session(OWN_KEY, "testing", region_name=self.region)
            self._clients[service] = session.client(service)
        return self._clients[service]

    def note(self, where: str, what: str, detail: str = "") -> None:
        """Write a line into the timeline."""
        self.timeline.append(Happening(self.elapsed(), where, what, detail))

    def note_unmodelled(self, request: Request, what: str) -> None:
        """Remember what was asked for and is not modelled."""
        self.unmodelled[request.path] = what

    def elapsed(self) -> float:
        """Give the seconds since the account was made."""
        return self.clock.now() - self.clock.start

    def today(self) -> str:
        """Give the date as log streams have it."""
        return f"{datetime.fromtimestamp(self.clock.now(), UTC):%Y/%m/%d}"

    def path_of(self, physical_id: str) -> str:
        """Give the construct path of what has this physical id, or the id."""
        return self.paths.get(physical_id, physical_id)

    def has_log_group(self, name: str) -> bool:
        """Tell whether there is a log group of this name."""
        return name in self.log_groups

    def queue_url(self, name: str) -> str:
        """Give the URL of a queue by its name."""
        if name not in self._urls:
            found = self.client("sqs").get_queue_url(QueueName=name)
            self._urls[name] = str(found["QueueUrl"])
        return self._urls[name]

    def function_state(self, name: str) -> FunctionState:
        """Give a function by its name or ARN."""
        return self.function_and_qualifier(name)[0]

    def function_and_qualifier(self, name: str) -> tuple[FunctionState, str]:
        """Give a function and the qualifier in its name or ARN."""
        rest = name.split(":function:")[-1]
        base, _, qualifier = rest.partition(":")
        if base not in self.functions:
            raise AccountError(
                f"there is no function {base!r}" + nearest(base, self.functions)
            )
        return self.functions[base], qualifier or "$LATEST"

    def as_lambda(
        self,
        function: FunctionState,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        instead: Callable[[], Any] | None = None,
    ) -> Any:
        """Make a call that Lambda makes for a function, if its role allows it.

        *instead* does what the call would, where the kit has a way of its own.
        """
        if self.authority.refuses(function, service, operation, params) is not None:
            return {}
        if instead is not None:
            return instead()
        return getattr(self.client(service), xform_name(operation))(**params)

    def _fires_before(self, due: float | None, until: float) -> bool:
        """Fire the next schedule by *until*, unless something else is due first."""
        first = until if due is None else min(due, until)
        return self.sources.schedules.run_due(first)

    def _run(self, until: float | None) -> None:
        for _ in range(STEPS):
            now = self.clock.now()
            if self.clock.run_due(now):
                continue
            # Each of them polls, whatever the others found.
            found = [poller.poll() for poller in self.pollers]
            if any(found):
                continue
            due = self.clock.next_due()
            if until is not None and self._fires_before(due, until):
                continue
            if due is None or (until is not None and due > until):
                return
            self.clock.move_to(due)
        raise AccountError(
            f"{STEPS:,} things happened and there is no end; the last of them:\n"
            + str(Timeline(self.timeline[-10:]))
        )
