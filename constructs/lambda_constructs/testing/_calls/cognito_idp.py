"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Rule
from lambda_constructs.testing._calls.rules import anywhere, at, free, same_name

pool = at("cognito-idp", "userpool/{}", "UserPoolId")

OPERATIONS: dict[str, Rule] = {
    **same_name(
        "cognito-idp",
        pool,
        "AdminAddUserToGroup",
        "AdminConfirmSignUp",
        "AdminCreateUser",
        "AdminDeleteUser",
        "AdminDeleteUserAttributes",
        "AdminDisableProviderForUser",
        "AdminDisableUser",
        "AdminEnableUser",
        "AdminGetUser",
        "AdminInitiateAuth",
        "AdminLinkProviderForUser",
        "AdminListDevices",
        "AdminListGroupsForUser",
        "AdminListUserAuthEvents",
        "AdminRemoveUserFromGroup",
        "AdminResetUserPassword",
        "AdminRespondToAuthChallenge",
        "AdminSetUserMFAPreference",
        "AdminSetUserPassword",
        "AdminUpdateUserAttributes",
        "AdminUserGlobalSignOut",
        "CreateGroup",
        "DeleteGroup",
        "DescribeUserPool",
        "DescribeUserPoolClient",
        "GetGroup",
        "ListGroups",
        "ListUserPoolClients",
        "ListUsers",
        "ListUsersInGroup",
        "UpdateGroup",
    ),
    **same_name("cognito-idp", anywhere, "ListUserPools"),
    # Signed by nobody, or by the user's own token.
    **free(
        "ChangePassword",
        "ConfirmForgotPassword",
        "ConfirmSignUp",
        "DeleteUser",
        "DeleteUserAttributes",
        "ForgotPassword",
        "GetUser",
        "GlobalSignOut",
        "InitiateAuth",
        "ResendConfirmationCode",
        "RespondToAuthChallenge",
        "RevokeToken",
        "SignUp",
        "UpdateUserAttributes",
    ),
}
