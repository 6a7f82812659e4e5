"""The commands: `failures`, `show`, `redrive` and `package`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from lambda_constructs.cli import _output, _sending, _views
from lambda_constructs.redrive import (
    Aws,
    Options,
    RedriveError,
    Store,
    choose,
    find_stores,
    look,
    measure,
)
from lambda_constructs.redrive._aws import explain

INTERRUPTED = 130
MOST_PLANNED = 1000
"""So many messages of a store are looked at to say what would be sent."""

app = typer.Typer(
    name="lambda-constructs",
    help="Find what a deployed stack could not process, and send it back.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StackName = Annotated[str, typer.Argument(help="The name of a deployed stack.")]
Profile = Annotated[
    str | None, typer.Option(help="A profile of the AWS configuration.")
]
Region = Annotated[str | None, typer.Option(help="The stack's Region.")]
EndpointUrl = Annotated[
    str | None, typer.Option(help="Where AWS is emulated, as http://127.0.0.1:4566.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for machines.")]
Ids = Annotated[
    list[str] | None,
    typer.Option("--id", help="A message's id or its beginning; may be repeated."),
]


@contextmanager
def in_one_message() -> Iterator[None]:
    """Say in one message why a command failed."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        _output.say(f"error: {explain(error)}")
        raise typer.Exit(1) from None
    except RedriveError as error:
        _output.say(f"error: {error}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        _output.say("interrupted")
        raise typer.Exit(INTERRUPTED) from None


@app.command(short_help="List the failure stores of a stack.")
def failures(
    stack: StackName,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the failure stores of a stack: how many messages, and how old."""
    with in_one_message():
        aws = connect(profile, region, endpoint_url)
        with _output.waiting(f"Looking for failures of {stack}"):
            rows = [
                (store, measure(aws, store) if store.is_readable else None)
                for store in find_stores(aws, stack)
            ]
        if as_json:
            _output.write_json([_views.contents(*row) for row in rows])
        else:
            _output.table_of_stores(stack, rows)


@app.command(short_help="Show messages of a store.")
def show(
    stack: StackName,
    store: Annotated[str, typer.Argument(help="A store, as `failures` names it.")],
    limit: Annotated[int, typer.Option(min=1, help="How many messages at most.")] = 10,
    ids: Ids = None,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show messages of a store: payload, error, attempts, version; none is changed."""
    with in_one_message():
        aws = connect(profile, region, endpoint_url)
        with _output.waiting(f"Reading {store}"):
            (found,) = choose(find_stores(aws, stack), [store])
            options = Options(ids=frozenset(ids or ()))
            messages = look(aws, found, limit=limit, options=options)
        if as_json:
            told = [_views.message(each) for each in messages]
            _output.write_json({"store": found.name, "messages": told})
        else:
            _output.messages(found, messages, limit)


@app.command(short_help="Send messages back to where they failed.")
def redrive(
    stack: StackName,
    stores: Annotated[
        list[str] | None,
        typer.Argument(help="Stores, as `failures` names them.", show_default="all"),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Send. Otherwise it only says what it would.")
    ] = False,
    ids: Ids = None,
    rate: Annotated[
        float | None, typer.Option(help="Messages a second, at most 500.")
    ] = None,
    whole_range: Annotated[
        bool,
        typer.Option(
            "--whole-range",
            help="Send all records in a stream's range, if there are more than failed.",
        ),
    ] = False,
    one_by_one: Annotated[
        bool,
        typer.Option(
            "--one-by-one", help="Send from here what SQS would move by itself."
        ),
    ] = False,
    journal: Annotated[
        str | None,
        typer.Option(
            help="The folder that notes what was sent.",
            show_default="~/.local/state/lambda-constructs/redrive",
        ),
    ] = None,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """Send messages back to where they failed; without --yes say what would be sent.

    Nothing is deleted before it was sent. Run it again after an interruption.
    """
    with in_one_message():
        options = _sending.options(ids, rate, whole_range, one_by_one, journal)
        aws = connect(profile, region, endpoint_url)
        with _output.waiting(f"Looking for failures of {stack}"):
            chosen = choose(find_stores(aws, stack), stores or [])
        readable = [each for each in chosen if each.is_readable]
        if stores:
            refuse_unreadable(chosen)
        if not yes:
            _plan(aws, readable, options, as_json=as_json)
            return
        with _sending.Interrupts() as interrupts:
            outcomes = _sending.run(aws, readable, options, interrupts)
        _sending.report(outcomes, options, as_json=as_json)
        if interrupts.stopped:
            _output.say("interrupted; run it again for what is left")
            raise typer.Exit(INTERRUPTED)
        if not _sending.all_arrived(outcomes, options):
            raise typer.Exit(1)


@app.command(
    short_help="Make the deployment packages of an app.",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def package(context: typer.Context) -> None:
    """Make all deployment packages of a CDK app side by side, and list them."""
    from lambda_constructs.package import main

    sys.exit(main(context.args))


def connect(profile: str | None, region: str | None, endpoint_url: str | None) -> Aws:
    """Connect to an account.

    Raises:
        RedriveError: There is no such profile, or no Region.
    """
    session = boto3.Session(profile_name=profile, region_name=region)
    if session.region_name is None:
        raise RedriveError("there is no Region; name one by --region or AWS_REGION")
    return Aws(session, endpoint_url=endpoint_url)


def refuse_unreadable(stores: list[Store]) -> None:
    """Refuse what is named and keeps nothing.

    Raises:
        RedriveError: One of them passes on what it gets.
    """
    for each in stores:
        if not each.is_readable:
            raise RedriveError(f"{each.name} is a {each.kind}: {each.note}")


def _plan(aws: Aws, stores: list[Store], options: Options, *, as_json: bool) -> None:
    """Say what would be sent."""
    with _output.waiting("Looking at what would be sent"):
        plans = [
            (
                store,
                [
                    (each, each.back.check(aws))
                    for each in look(aws, store, limit=MOST_PLANNED, options=options)
                ],
            )
            for store in stores
        ]
    if as_json:
        told = [_views.plan(store, rows) for store, rows in plans]
        _output.write_json({"dry_run": True, "stores": told})
    else:
        _output.plan(plans, MOST_PLANNED)
