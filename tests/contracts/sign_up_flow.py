"""From sign-up to token: one profile, a group, and claims."""

from __future__ import annotations

ANN = {"sub": "ann", "email": "ann@Example.com"}


def contract(shop) -> None:
    """Confirmed twice, she has one profile."""
    pool, asked = shop.user_pool("Users"), {"userAttributes": ANN}
    pool.add_user("ann", **ANN)

    pool.trigger("PreSignUp_SignUp", asked, user="ann")
    for _ in range(2):
        pool.trigger("PostConfirmation_ConfirmSignUp", asked, user="ann")
    details = pool.trigger("TokenGeneration_Authentication", asked, user="ann")[
        "claimsAndScopeOverrideDetails"
    ]

    (profile,) = shop.table("Profiles").items()
    assert ("ann", "ann@example.com") == (profile["user_id"], profile["email"])
    claims = details["accessTokenGeneration"]["claimsToAddOrOverride"]
    assert {"plan": "free", "member_since": "2026-01-01"} == claims
    groups = shop.account.client("cognito-idp").admin_list_groups_for_user(
        UserPoolId=pool.id, Username="ann"
    )["Groups"]
    assert ["members"] == [each["GroupName"] for each in groups]
