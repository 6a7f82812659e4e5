"""AWS Secrets Manager."""

from __future__ import annotations

import json

from lambda_constructs.testing._resources._create import (
    Create,
    Created,
    Request,
    document,
)


def create_secret(request: Request) -> Created:
    """Create a secret, with a value that was given or made up."""
    properties = request.properties
    name = request.name(properties.get("Name"), most=512)
    given = {}
    if "KmsKeyId" in properties:
        given["KmsKeyId"] = properties["KmsKeyId"]
    arn = request.account.client("secretsmanager").create_secret(
        Name=name, SecretString=_value(request), **given
    )["ARN"]
    return Created(arn, {"Id": arn})


def create_policy(request: Request) -> Created:
    """Attach a policy to a secret."""
    secret = request.properties["SecretId"]
    request.account.client("secretsmanager").put_resource_policy(
        SecretId=secret, ResourcePolicy=document(request.properties["ResourcePolicy"])
    )
    return Created(secret)


def _value(request: Request) -> str:
    given = request.properties.get("SecretString")
    if given is not None:
        return str(given)
    made = f"{request.account.random.getrandbits(128):032x}"
    generate = request.properties.get("GenerateSecretString", {})
    key = generate.get("GenerateStringKey")
    if key is None:
        return made
    return json.dumps({**json.loads(generate["SecretStringTemplate"]), key: made})


CREATE: dict[str, Create] = {
    "AWS::SecretsManager::ResourcePolicy": create_policy,
    "AWS::SecretsManager::Secret": create_secret,
}
