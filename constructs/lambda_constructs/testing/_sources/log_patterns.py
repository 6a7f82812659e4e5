r"""Filter patterns of CloudWatch Logs: terms, and comparisons in JSON.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from lambda_constructs.testing._sources.inputs import MISSING, find
from lambda_constructs.testing.errors import AccountError, UnmodelledError

Test = Callable[[str], bool]

TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')
COMPARISON = re.compile(
    r"""\(?\s*(?P<path>\$[^\s=!<>()]*)\s*(?:
        (?P<word>IS\s+NULL|IS\s+TRUE|IS\s+FALSE|NOT\s+EXISTS)
        |(?P<operator><=|>=|!=|=|<|>)\s*
         (?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s()"]+))
    )\s*\)?""",
    re.VERBOSE | re.IGNORECASE,
)


def compile_pattern(where: str, pattern: str) -> Test:
    """Give what tells whether a line is wanted.

    Raises:
        UnmodelledError: The kit does not read such patterns.
    """
    text = pattern.strip()
    if not text:
        return lambda _: True
    if text.startswith("{") and text.endswith("}"):
        return _json(where, text[1:-1].strip())
    if text[0] in "[%" or "%" in text:
        raise UnmodelledError(
            f"{where}: the filter pattern {pattern!r} is not modelled; use terms or "
            '{ $.name = "value" }'
        )
    return _terms(where, text)


def _terms(where: str, text: str) -> Test:
    found = TERM.findall(text)
    if TERM.sub("", text).strip():
        raise UnmodelledError(f"{where}: {text!r} cannot be read; quote its terms")
    words = [(sign, quoted or bare) for sign, quoted, bare in found]
    never = [word for sign, word in words if sign == "-"]
    some = [word for sign, word in words if sign == "?"]
    every = [word for sign, word in words if not sign]
    if some and (every or never):
        raise UnmodelledError(f"{where}: {text!r} mixes ?terms with others")

    def test(line: str) -> bool:
        return (
            all(word in line for word in every)
            and not any(word in line for word in never)
            and (not some or any(word in line for word in some))
        )

    return test


def _json(where: str, text: str) -> Test:
    if "&&" in text and "||" in text:
        raise UnmodelledError(f"{where}: {text!r} mixes && with ||; use one of them")
    combine = any if "||" in text else all
    tests = [_comparison(where, each.strip()) for each in re.split(r"&&|\|\|", text)]

    def test(line: str) -> bool:
        try:
            value = json.loads(line)
        except ValueError:
            return False
        return isinstance(value, dict) and combine(each(value) for each in tests)

    return test


def _comparison(where: str, text: str) -> Callable[[Any], bool]:
    match = COMPARISON.fullmatch(text)
    if match is None or "*" in match["path"]:
        raise UnmodelledError(f"{where}: the comparison {text!r} is not modelled")
    path = match["path"]
    try:
        find({}, path)
    except AccountError as error:
        raise UnmodelledError(f"{where}: {error}") from None
    if match["word"]:
        check = WORDS[" ".join(match["word"].upper().split())]
        return lambda value: check(find(value, path))
    operator, wanted = match["operator"], match["bare"]
    if wanted is None or not _is_number(wanted):
        wanted = match["quoted"] if wanted is None else wanted
        if operator not in ("=", "!="):
            raise UnmodelledError(f"{where}: {text!r} must compare with a number")
        return lambda value: _is_text(find(value, path), operator, str(wanted))
    number = float(wanted)
    return lambda value: _is_that(find(value, path), operator, number)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_text(value: Any, operator: str, wanted: str) -> bool:
    if value is MISSING or isinstance(value, dict | list):
        return False
    like = ".*".join(re.escape(each) for each in wanted.split("*"))
    text = value if isinstance(value, str) else json.dumps(value)
    same = re.fullmatch(like, text, re.DOTALL) is not None
    return same == (operator == "=")


def _is_that(value: Any, operator: str, number: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return {
        "=": value == number,
        "!=": value != number,
        "<": value < number,
        "<=": value <= number,
        ">": value > number,
        ">=": value >= number,
    }[operator]


WORDS: dict[str, Callable[[Any], bool]] = {
    "IS FALSE": lambda value: value is False,
    "IS NULL": lambda value: value is None,
    "IS TRUE": lambda value: value is True,
    "NOT EXISTS": lambda value: value is MISSING,
}
