"""Metrics, as CloudWatch gets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Metric", "Series"]


@dataclass(frozen=True)
class Metric:
    """One value of a metric.

    Attributes:
        at: Its timestamp, in seconds since the account was made.
        namespace: `AWS/Lambda`, or what a handler says.
        name: Its name.
        value: The value.
        unit: The unit, as CloudWatch names it.
        dimensions: What it is of; two of one name that differ here are two metrics.
    """

    at: float
    namespace: str
    name: str
    value: float
    unit: str
    dimensions: Mapping[str, str]


class Series(tuple[Metric, ...]):
    """The values of one metric, in the order of their coming, and their statistics."""

    __slots__ = ()

    @property
    def values(self) -> list[float]:
        """Each value."""
        return [each.value for each in self]

    @property
    def sum(self) -> float:
        """All of them together; nothing is 0."""
        return sum(self.values)

    @property
    def average(self) -> float:
        """The sum divided by how many there are."""
        return self.sum / len(self)

    @property
    def minimum(self) -> float:
        """The lowest."""
        return min(self.values)

    @property
    def maximum(self) -> float:
        """The highest."""
        return max(self.values)
