"""Sign-up: who may, what is stored once, and what tokens say."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

SUB = event("cognito_post_confirmation")["request"]["userAttributes"]["sub"]


@pytest.fixture
def profiles(aws: None) -> Any:
    return boto3.resource("dynamodb").create_table(
        TableName="profiles",
        KeySchema=[{"AttributeName": "user_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "user_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


class TestGate:
    @pytest.fixture
    def gate(self, cold_start: ColdStart) -> ModuleType:
        return cold_start(
            "sign_up_flow", "gate", ALLOWED_DOMAINS="example.com,xn--bcher-kva.example"
        )

    def sign_up(
        self, gate: ModuleType, email: str | None, **more: str
    ) -> dict[str, Any]:
        given = event("cognito_pre_sign_up") | more
        given["request"]["userAttributes"] = {} if email is None else {"email": email}
        return gate.handler(given, LambdaContext())

    @pytest.mark.parametrize(
        "email",
        [
            "ann@example.com",
            "ann@Example.COM",
            "ann@example.com.",
            "a@bücher.example",
        ],
    )
    def test_known_domains_may(self, gate, email):
        """
        However they are written; the address is still to be confirmed.
        """
        answer = self.sign_up(gate, email)

        assert event("cognito_pre_sign_up")["response"] == answer["response"]

    @pytest.mark.parametrize(
        "email",
        [
            None,
            "",
            "@example.com",
            "ann",
            "ann@evil.com",
            "ann@example.com.evil.com",
            "ann@evil.com@example.com",
            "ann @example.com",
            "ann@example..com",
            f"{'a' * 250}@example.com",
        ],
    )
    def test_fails_for_all_others(self, gate, email):
        """
        Without telling which domains may.
        """
        with pytest.raises(ValueError, match=r"^please use your address at work$"):
            self.sign_up(gate, email)

    def test_who_is_invited_may_come_from_anywhere(self, gate):
        """
        By somebody who may call the pool's API.
        """
        more = {"triggerSource": "PreSignUp_AdminCreateUser"}

        assert self.sign_up(gate, "ann@evil.com", **more)


class TestWelcome:
    @pytest.fixture
    def pool(self, aws: None) -> str:
        client = boto3.client("cognito-idp")
        id = client.create_user_pool(PoolName="users")["UserPool"]["Id"]
        client.create_group(UserPoolId=id, GroupName="members")
        client.admin_create_user(UserPoolId=id, Username=SUB)
        return id

    @pytest.fixture
    def welcome(self, profiles: Any, cold_start: ColdStart) -> ModuleType:
        return cold_start(
            "sign_up_flow", "welcome", GROUP="members", PROFILES_TABLE="profiles"
        )

    def confirm(self, welcome: ModuleType, pool: str, **more: str) -> dict[str, Any]:
        given = event("cognito_post_confirmation") | {"userPoolId": pool} | more
        return welcome.handler(given, LambdaContext())

    def test_a_member_has_a_profile_and_a_group(self, welcome, profiles, pool):
        """
        The domain is stored as it is compared.
        """
        answer = self.confirm(welcome, pool)

        (item,) = profiles.scan()["Items"]
        since = item.pop("member_since")
        assert {"user_id": SUB, "email": "ann@example.com", "plan": "free"} == item
        assert 10 == len(since)
        assert {} == answer["response"]
        groups = boto3.client("cognito-idp").admin_list_groups_for_user(
            UserPoolId=pool, Username=SUB
        )
        assert ["members"] == [each["GroupName"] for each in groups["Groups"]]

    def test_a_profile_that_has_changed_stays(self, welcome, profiles, pool):
        """
        Cognito may ask more than once.
        """
        profiles.put_item(Item={"user_id": SUB, "plan": "gold"})

        self.confirm(welcome, pool)

        assert [{"user_id": SUB, "plan": "gold"}] == profiles.scan()["Items"]

    def test_a_new_password_is_no_sign_up(self, welcome, profiles, pool):
        """
        https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
        """
        source = "PostConfirmation_ConfirmForgotPassword"

        self.confirm(welcome, pool, triggerSource=source)

        assert [] == profiles.scan()["Items"]

    def test_fails_if_there_is_no_such_group(self, welcome, pool):
        """
        Cognito fails the confirmation, and whoever signs up tries again.
        """
        boto3.client("cognito-idp").delete_group(UserPoolId=pool, GroupName="members")

        with pytest.raises(welcome.cognito.exceptions.ResourceNotFoundException):
            self.confirm(welcome, pool)


class TestClaims:
    @pytest.fixture
    def claims(self, profiles: Any, cold_start: ColdStart) -> ModuleType:
        return cold_start("sign_up_flow", "claims", PROFILES_TABLE="profiles")

    def generate(self, claims: ModuleType) -> dict[str, Any]:
        answer = claims.handler(event("cognito_pre_token"), LambdaContext())
        details = answer["response"]["claimsAndScopeOverrideDetails"]
        assert details["idTokenGeneration"] == details["accessTokenGeneration"]
        return details["idTokenGeneration"]["claimsToAddOrOverride"]

    def test_both_tokens_say_what_the_profile_says(self, claims, profiles):
        """
        https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
        """
        profile = {"plan": "gold", "member_since": "2026-01-02", "email": "a@b.example"}
        profiles.put_item(Item={"user_id": SUB, **profile})

        assert {"plan": "gold", "member_since": "2026-01-02"} == self.generate(claims)

    def test_without_a_profile_there_is_the_least(self, claims):
        """
        As for those who were there before.
        """
        assert {"plan": "free"} == self.generate(claims)
