"""When schedules fire: rate, cron and at expressions.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import count

from lambda_constructs.testing.errors import AccountError

RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
CRON = re.compile(r"cron\((.+)\)")
UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}
MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr)}
DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
LAST_YEAR = 2199


def firings(
    expression: str, start: float, zone: tzinfo = UTC, *, first: bool = False
) -> Iterator[float]:
    """Give every time after *start* at which a schedule fires.

    *first* has a rate begin at *start* itself, not one interval later.

    Raises:
        AccountError: The expression is not one of AWS's.
    """
    if match := RATE.fullmatch(expression):
        length = int(match[1]) * UNITS[match[2].removesuffix("s")]
        if length == 0 or (match[1] == "1") == match[2].endswith("s"):
            raise AccountError(f"{expression} must be as rate(1 hour) or rate(2 hours)")
        return (start + length * n for n in count(0 if first else 1))
    if match := AT.fullmatch(expression):
        when = datetime.fromisoformat(match[1]).replace(tzinfo=zone).timestamp()
        return iter([when] if when >= start else [])
    if match := CRON.fullmatch(expression):
        return Cron.of(match[1]).after(start, zone)
    raise AccountError(
        f"{expression!r} is no schedule; use rate(5 minutes), cron(0 8 * * ? *) "
        "or at(2026-01-01T08:00:00)"
    )


@dataclass(frozen=True)
class Cron:
    """A cron expression of AWS's six fields."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int]

    @classmethod
    def of(cls, text: str) -> Cron:
        """Read the six fields.

        Raises:
            AccountError: One of them is not as AWS has it.
        """
        fields = text.upper().split()
        if len(fields) != 6:
            raise AccountError(f"cron({text}) must have six fields, got {len(fields)}")
        minutes, hours, days, months, weekdays, years = fields
        if (days == "?") == (weekdays == "?"):
            raise AccountError(
                f"cron({text}) must have ? as day of month or as day of week, not both"
            )
        made = cls(
            _values(minutes, 0, 59),
            _values(hours, 0, 23),
            days,
            _values(months, 1, 12, MONTHS),
            weekdays,
            _values(years, 1970, LAST_YEAR),
        )
        made._falls_on(date(2026, 1, 1))
        return made

    def after(self, start: float, zone: tzinfo) -> Iterator[float]:
        """Give every time after *start*, by the clocks of *zone*.

        An hour that clocks skip does not fire, and one that they repeat fires once.
        """
        day = datetime.fromtimestamp(start, zone).date()
        last = max(self.years)
        while day.year <= last:
            if self._has(day):
                yield from (each for each in self._times(day, zone) if each > start)
            day += timedelta(days=1)

    def _times(self, day: date, zone: tzinfo) -> Iterator[float]:
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                local = datetime(day.year, day.month, day.day, hour, minute)
                when = local.replace(tzinfo=zone).timestamp()
                if datetime.fromtimestamp(when, zone).replace(tzinfo=None) == local:
                    yield when

    def _has(self, day: date) -> bool:
        known = day.year in self.years and day.month in self.months
        return known and self._falls_on(day)

    def _falls_on(self, day: date) -> bool:
        if self.days != "?":
            return any(_is_day(each, day) for each in self.days.split(","))
        return any(_is_weekday(each, day) for each in self.weekdays.split(","))


def _is_day(field: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == last
    if field.endswith("W") and field[:-1].isdigit():
        return day.day == _nearest_weekday(day, min(int(field[:-1]), last), last)
    return day.day in _values(field, 1, 31)


def _nearest_weekday(day: date, number: int, last: int) -> int:
    """Give the working day nearest to a day, in the same month."""
    weekday = day.replace(day=number).weekday()
    if weekday == 5:
        return number - 1 if number > 1 else number + 2
    if weekday == 6:
        return number + 1 if number < last else number - 2
    return number


def _is_weekday(field: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1
    name, hash_, nth = field.partition("#")
    if hash_:
        wanted = _values(name, 1, 7, DAYS)
        return number in wanted and (day.day - 1) // 7 + 1 == int(nth)
    if field.endswith("L"):
        last = calendar.monthrange(day.year, day.month)[1]
        wanted = _values(field[:-1] or "7", 1, 7, DAYS)
        return number in wanted and (field == "L" or day.day > last - 7)
    return number in _values(field, 1, 7, DAYS)


def _values(
    field: str, least: int, most: int, names: dict[str, int] | None = None
) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, dash, high = span.partition("-")
        try:
            if span == "*":
                first, last = least, most
            else:
                first = (names or {}).get(low) or int(low)
                last = ((names or {}).get(high) or int(high)) if dash else first
                last = most if step and not dash else last
            if not (least <= first <= most and least <= last <= most):
                raise ValueError
            turned = first > last and names is DAYS
            range_ = [*range(first, most + 1), *range(least, last + 1)]
            found.update(
                (range_ if turned else range(first, last + 1))[:: int(step or 1)]
            )
        except ValueError:
            raise AccountError(
                f"{field!r} must be numbers from {least} to {most}, ranges or steps"
            ) from None
    return frozenset(found)
