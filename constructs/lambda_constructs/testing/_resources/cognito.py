"""Amazon Cognito user pools."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request


def create_user_pool(request: Request) -> Created:
    """Create a user pool and take note of its triggers."""
    account, properties = request.account, request.properties
    name = request.name(properties.get("UserPoolName"), most=128)
    given = {
        key: properties[key]
        for key in ("AliasAttributes", "UsernameAttributes", "AutoVerifiedAttributes")
        if key in properties
    }
    client = account.client("cognito-idp")
    pool = client.create_user_pool(PoolName=name, **given)["UserPool"]
    config = properties.get("LambdaConfig", {})
    account.user_pools[pool["Id"]] = {
        key: value for key, value in config.items() if key != "KMSKeyID"
    }
    provider = f"cognito-idp.{account.region}.amazonaws.com/{pool['Id']}"
    return Created(
        pool["Id"],
        {
            "Arn": request.arn("cognito-idp", f"userpool/{pool['Id']}"),
            "ProviderName": provider,
            "ProviderURL": f"https://{provider}",
            "UserPoolId": pool["Id"],
        },
    )


def create_client(request: Request) -> Created:
    """Create an app client."""
    properties = request.properties
    made = request.account.client("cognito-idp").create_user_pool_client(
        UserPoolId=properties["UserPoolId"],
        ClientName=request.name(properties.get("ClientName"), most=128),
        ExplicitAuthFlows=properties.get("ExplicitAuthFlows", []),
    )["UserPoolClient"]
    return Created(made["ClientId"], {"ClientId": made["ClientId"]})


def create_group(request: Request) -> Created:
    """Create a group of a pool."""
    properties = request.properties
    name = request.name(properties.get("GroupName"), most=128)
    request.account.client("cognito-idp").create_group(
        UserPoolId=properties["UserPoolId"], GroupName=name
    )
    return Created(name, {})


CREATE: dict[str, Create] = {
    "AWS::Cognito::UserPool": create_user_pool,
    "AWS::Cognito::UserPoolClient": create_client,
    "AWS::Cognito::UserPoolGroup": create_group,
}
