"""Sign up: those of a known domain are members with a profile, others are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

PHRASE = "Correct-horse-battery-1"


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Sign up from two domains, and confirm the one that may."""
    refused = sign_up(deployed, f"eve-{deployed.run}@evil.example")
    yield Expectation(
        "a sign-up of an unknown domain",
        "your address at work",
        refused,
        "your address at work" in refused,
    )
    email = f"ann-{deployed.run}@example.com"
    sign_up(deployed, email)
    client = deployed.session.client("cognito-idp")
    client.admin_confirm_sign_up(UserPoolId=pool(deployed), Username=email)
    if deployed.emulated:
        confirm(deployed, email)
    profile = wait_until(
        lambda: profile_of(deployed, email), lambda found: bool(found), timeout=20
    )
    plan = profile.get("plan", {}).get("S", "none")
    note = "the emulator fires nothing here" if deployed.emulated else ""
    yield Expectation("a sign-up, confirmed", "plan free", plan, plan == "free", note)
    answer = client.admin_list_groups_for_user(
        UserPoolId=pool(deployed), Username=email
    )
    groups = [each["GroupName"] for each in answer["Groups"]]
    yield Expectation("the same", "members", ", ".join(groups), groups == ["members"])


def look(deployed: Deployed) -> Iterator[str]:
    """Show the members, and the profiles."""
    yield (
        f"aws cognito-idp list-users-in-group --user-pool-id {pool(deployed)} "
        "--group-name members"
    )
    yield f"aws dynamodb scan --table-name {deployed.physical_id('Profiles')}"


def pool(deployed: Deployed) -> str:
    """Give the pool's id."""
    return deployed.physical_id("Users")


def sign_up(deployed: Deployed, email: str) -> str:
    """Sign up as an app does; give the user's id, or why there is none."""
    try:
        answer = deployed.session.client("cognito-idp").sign_up(
            ClientId=deployed.physical_id("Users/App"),
            Username=email,
            Password=PHRASE,
            UserAttributes=[{"Name": "email", "Value": email}],
        )
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return str(answer["UserSub"])


def confirm(deployed: Deployed, email: str) -> None:
    """Invoke the function of post confirmation, as Cognito itself does in AWS."""
    user = deployed.session.client("cognito-idp").admin_get_user(
        UserPoolId=pool(deployed), Username=email
    )
    attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    event = {
        "triggerSource": "PostConfirmation_ConfirmSignUp",
        "userPoolId": pool(deployed),
        "userName": user["Username"],
        "request": {"userAttributes": attributes},
        "response": {},
    }
    deployed.session.client("lambda").invoke(
        FunctionName=deployed.physical_id("Welcome/Live"),
        Payload=json.dumps(event).encode(),
    )


def profile_of(deployed: Deployed, email: str) -> dict[str, Any]:
    """Read the profile of an address."""
    answer = deployed.session.client("dynamodb").scan(
        TableName=deployed.physical_id("Profiles"), ConsistentRead=True
    )
    found = [each for each in answer["Items"] if each["email"]["S"] == email]
    return found[0] if found else {}


DRIVER = Driver(
    stack="SignUpFlow",
    drive=drive,
    look=look,
    unchecked=("that Cognito fires post confirmation", "what tokens say"),
)
