"""Text with wildcards: `*` for any, `?` for one character."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def overlap(one: str, other: str) -> bool:
    """Tell whether there is a text that both *one* and *other* stand for."""
    width = len(other) + 1
    above = [False] * width
    for i in range(len(one) + 1):
        row = [False] * width
        for j in range(width):
            a, b = one[i - 1 : i], other[j - 1 : j]
            up, left = above[j], j > 0 and row[j - 1]
            corner = j > 0 and above[j - 1]
            row[j] = (
                i == j == 0
                or (a == "*" and (up or left))
                or (b == "*" and (up or left))
                or (bool(corner) and a != "" and (a == b or "?" in (a, b)))
            )
        above = row
    return above[-1]
