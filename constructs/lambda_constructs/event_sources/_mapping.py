"""What event source mappings have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from aws_cdk import IResource
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct

from lambda_constructs import limits
from lambda_constructs._known import path_of, region_of, resource_of, stack_of
from lambda_constructs.errors import ConfigurationError, check_range, is_token, literal
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

_ids: WeakKeyDictionary[LambdaFunction, set[str]] = WeakKeyDictionary()
"""Of the mappings of each function, which the node would be asked for otherwise."""


def mapping_id(function: LambdaFunction, service: str, source: IResource) -> str:
    """Give the id of the mapping from *source*: its path, below their stack if one.

    Raises:
        ConfigurationError: *function* processes *source* already.
    """
    id = f"{service}-{path_as_id(function, source)}"
    ids = _ids.setdefault(function, set())
    if id in ids:
        raise already_bound(function, source)
    ids.add(id)
    return id


def path_as_id(function: LambdaFunction, source: IConstruct) -> str:
    """Give the path of *source*, below the stack of *function* if it is theirs."""
    theirs = stack_of(source)
    above = f"{path_of(theirs)}/" if theirs is stack_of(function) else ""
    return path_of(source).removeprefix(above).replace("/", "-")


def already_bound(function: LambdaFunction, source: IResource) -> ConfigurationError:
    """Give the error for a source that *function* has already."""
    return ConfigurationError(
        f"{path_of(source)} is an event source already; bind it once, with all "
        "filters in one event source",
        scope=function,
    )


def check_place(function: LambdaFunction, source: IResource) -> None:
    """Check that *source* is in the function's Region, as far as both are known.

    Raises:
        ConfigurationError: It is in another one, or it is defined in another account.
    """
    is_defined = resource_of(source) is not None
    if is_defined and stack_of(source) is stack_of(function):
        return
    remedy = "Lambda polls its own Region only, so define both in one"
    check_same("Region", function, source, remedy)
    if is_defined:
        remedy = "import it by its ARN, and allow the function's role in its own policy"
        check_same("account", function, source, remedy)


def check_region_of(function: LambdaFunction, name: str, arn: str) -> None:
    """Check that *arn* is of the function's Region, as far as both are known.

    Raises:
        ConfigurationError: It is of another one.
    """
    here = literal(region_of(stack_of(function)))
    there = None if is_token(arn) else arn.split(":")[3]
    if there and here and there != here:
        raise ConfigurationError(
            f"{name} must be in the function's Region {here}, got {there}; Lambda "
            "polls its own Region only, so define the function there",
            scope=function,
        )


def check_pollers(
    config: lambda_.ProvisionedPollerConfig,
    *,
    minimum: tuple[int, int],
    maximum: tuple[int, int],
) -> None:
    """Check how many pollers there are to be.

    Raises:
        ConfigurationError: Lambda would refuse the numbers.
    """
    least, most = config.minimum_pollers, config.maximum_pollers
    check_range("minimum_pollers", least, *minimum)
    check_range("maximum_pollers", most, *maximum)
    if (literal(least) or 0) > (literal(most) or maximum[1]):
        raise ConfigurationError(
            f"minimum_pollers must not be above maximum_pollers, got {least:g} "
            f"above {most:g}; raise maximum_pollers"
        )


def check_filters(
    filters: Sequence[Mapping[str, object]], key: kms.Key | kms.IKey | None
) -> None:
    """Check how many filters there are, and how long.

    Raises:
        ConfigurationError: Lambda would refuse the filters.
    """
    if isinstance(filters, str | Mapping) or not isinstance(filters, Sequence):
        raise ConfigurationError(
            f"filters must be a list, got {filters!r}; "
            "pass [FilterCriteria.filter(...)]"
        )
    if len(filters) > limits.FILTERS:
        raise ConfigurationError(
            f"filters must be at most {limits.FILTERS}, got {len(filters)}; "
            "join patterns, since a list in a pattern matches any of its values"
        )
    for each in filters:
        pattern = each.get("pattern") if isinstance(each, Mapping) else None
        if not isinstance(pattern, str):
            raise ConfigurationError(
                f"filters must each have a pattern, got {each!r}; "
                "make them by FilterCriteria.filter(...)"
            )
        if len(pattern) > limits.FILTER_PATTERN_CHARACTERS:
            raise ConfigurationError(
                "a filter's pattern must be at most "
                f"{limits.FILTER_PATTERN_CHARACTERS:,} characters, got "
                f"{len(pattern):,}; split it into two filters"
            )
    if key is not None and not filters:
        raise ConfigurationError(
            "filter_encryption needs filters to encrypt, got none; leave it out"
        )


def warn_of_filter_quota(
    function: LambdaFunction, filters: Sequence[Mapping[str, object]]
) -> None:
    """Tell that more than five filters need a quota increase."""
    if len(filters) > limits.FILTERS_WITHOUT_QUOTA_INCREASE:
        Practice.ESM_FILTER_QUOTA.warn(
            function,
            f"{len(filters)} filters on one event source need a raised quota, "
            f"{limits.FILTERS_WITHOUT_QUOTA_INCREASE} do not; request it first",
        )
