"""How a test gets hold of the fronts of a stack."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambda_constructs.testing._http.alb import LoadBalancer
from lambda_constructs.testing._http.edge import Distribution
from lambda_constructs.testing._http.edge_origins import Origin
from lambda_constructs.testing._http.function_url import FunctionUrl
from lambda_constructs.testing._http.http_api import HttpApi
from lambda_constructs.testing._http.rest_api import RestApi
from lambda_constructs.testing._http.state import fronts_of
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


class HttpHandles(ABC):
    """The part of a deployed stack that answers HTTP."""

    account: LocalAccount

    @abstractmethod
    def physical_id(self, path: str, *types: str) -> str:
        """Give what `Ref` gives, by construct path or logical id."""

    def load_balancer(self, path: str, *, port: int | None = None) -> LoadBalancer:
        """Give an Application Load Balancer, by its construct path below the stack.

        Without a *port* its HTTPS listener is asked if there is one.
        """
        arn = self.physical_id(path, LOAD_BALANCER)
        return LoadBalancer(self.account, arn, path, port)

    def http_api(
        self, path: str, *, stage: str | None = None, as_role: str | None = None
    ) -> HttpApi:
        """Give an HTTP API; name the stage if there are several.

        *as_role* is who signs the requests: a role's construct path, or its ARN.
        """
        id = self.physical_id(path, "AWS::ApiGatewayV2::Api")
        chosen = stage or self._stage("http stage", "ApiId", id, path)
        return HttpApi(self.account, id, path, chosen, self._role_arn(as_role))

    def rest_api(
        self, path: str, *, stage: str | None = None, as_role: str | None = None
    ) -> RestApi:
        """Give a REST API; name the stage if there are several.

        *as_role* is who signs the requests: a role's construct path, or its ARN.
        """
        id = self.physical_id(path, "AWS::ApiGateway::RestApi")
        chosen = stage or self._stage("rest stage", "RestApiId", id, path)
        return RestApi(self.account, id, path, chosen, self._role_arn(as_role))

    def function_url(self, path: str, *, as_role: str | None = None) -> FunctionUrl:
        """Give the URL of a function, by its own construct path or the function's.

        *as_role* is who signs the requests: a role's construct path, or its ARN.
        """
        ref = self.physical_id(path, "AWS::Lambda::Url")
        return FunctionUrl(self.account, ref, path, self._role_arn(as_role))

    def distribution(
        self, path: str, *, origins: Mapping[str, Origin] | None = None
    ) -> Distribution:
        """Give a CloudFront distribution.

        *origins* answer in place of servers, by domain name; buckets need none.
        """
        id = self.physical_id(path, "AWS::CloudFront::Distribution")
        return Distribution(self.account, id, path, origins or {})

    def _role_arn(self, role: str | None) -> str | None:
        if role is None or role.startswith("arn:"):
            return role
        name = self.physical_id(role, "AWS::IAM::Role")
        return str(self.account.client("iam").get_role(RoleName=name)["Role"]["Arn"])

    def _stage(self, kind: str, name: str, id: str, path: str) -> str:
        pieces = fronts_of(self.account).of(kind, name, id)
        stages = [str(each.properties["StageName"]) for each in pieces]
        if len(stages) != 1:
            known = ", ".join(sorted(stages)) or "none"
            raise AccountError(f"{path}: name a stage; there are: {known}")
        return stages[0]
