"""Let those sign up whose mail is of a domain that may."""

import logging
import os
from typing import Any

ALLOWED_DOMAINS = frozenset(os.environ["ALLOWED_DOMAINS"].split(","))
LONGEST = 254  # of an address, by RFC 5321

# Whoever signs up is not logged: only whether they may.
logger = logging.getLogger()
logger.setLevel(logging.INFO)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Refuse by an error, whose words whoever signs up reads."""
    if event["triggerSource"] == "PreSignUp_AdminCreateUser":
        return event  # invited by one of us, from anywhere
    domain = domain_of(str(event["request"]["userAttributes"].get("email", "")))
    if domain not in ALLOWED_DOMAINS:
        logger.warning("sign-up is refused")
        raise ValueError("please use your address at work")
    logger.info("sign-up may go on")
    # Neither confirmed nor verified: the code that Cognito sends does both.
    return event


def domain_of(email: str) -> str:
    """Give the domain as it is compared, or nothing if there is no one address."""
    email = email.strip()
    name, _, domain = email.rpartition("@")
    one = name and "@" not in name and not any(map(str.isspace, email))
    if not one or len(email) > LONGEST:
        return ""
    try:
        return domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
