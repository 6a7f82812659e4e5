"""When a rule of a load balancer's listener applies.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from lambda_constructs.testing._http.messages import HttpRequest
from lambda_constructs.testing.errors import UnmodelledError

Condition = Mapping[str, Any]


def applies(condition: Condition, request: HttpRequest) -> bool:
    """Tell whether a condition holds.

    Raises:
        UnmodelledError: It is of an unknown kind.
    """
    field = condition["Field"]
    if field not in FIELDS:
        raise UnmodelledError(f"a rule's condition on {field} is not modelled")
    name, test = FIELDS[field]
    config = condition.get(name) or condition
    if "RegexValues" in config:
        raise UnmodelledError(f"regular expressions for {field} are not modelled")
    return test(config, request)


def like(pattern: str, text: str, *, same_case: bool = False) -> bool:
    r"""Compare by `*` and `?`; a backslash takes the meaning from them."""
    tokens = re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)
    wild = {"*": ".*", "?": "."}
    expression = "".join(
        re.escape(each[1:]) if len(each) == 2 else wild.get(each, re.escape(each))
        for each in tokens
    )
    flags = re.DOTALL if same_case else re.DOTALL | re.IGNORECASE
    return re.fullmatch(expression, text, flags) is not None


def _any_like(patterns: Iterable[str], text: str, *, same_case: bool = False) -> bool:
    return any(like(each, text, same_case=same_case) for each in patterns)


def _path(config: Condition, request: HttpRequest) -> bool:
    """Paths have a case; the query is no part of them."""
    return _any_like(config["Values"], request.path, same_case=True)


def _host(config: Condition, request: HttpRequest) -> bool:
    host = request.headers.get("host", "").partition(":")[0]
    return _any_like(config["Values"], host)


def _header(config: Condition, request: HttpRequest) -> bool:
    """The name has no wildcards."""
    values = request.headers.all(config["HttpHeaderName"])
    return any(_any_like(config["Values"], each) for each in values)


def _method(config: Condition, request: HttpRequest) -> bool:
    """Exactly; a rule for GET is none for HEAD."""
    return request.method in config["Values"]


def _query(config: Condition, request: HttpRequest) -> bool:
    """Without a key, any key has to have the value."""
    return any(
        ("Key" not in each or like(each["Key"], key)) and like(each["Value"], value)
        for each in config["Values"]
        for key, value in request.raw_pairs
    )


def _source(config: Condition, request: HttpRequest) -> bool:
    """Of the connection; X-Forwarded-For is not looked at."""
    address = ip_address(request.source_ip)
    return any(address in ip_network(each) for each in config["Values"])


FIELDS: Mapping[str, tuple[str, Callable[[Condition, HttpRequest], bool]]] = {
    "host-header": ("HostHeaderConfig", _host),
    "http-header": ("HttpHeaderConfig", _header),
    "http-request-method": ("HttpRequestMethodConfig", _method),
    "path-pattern": ("PathPatternConfig", _path),
    "query-string": ("QueryStringConfig", _query),
    "source-ip": ("SourceIpConfig", _source),
}
