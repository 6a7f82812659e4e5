"""The error of a policy that AWS would reject, or that cannot be evaluated."""

from __future__ import annotations


class PolicyError(ValueError):
    """A policy that AWS would reject, or whose outcome AWS leaves undefined."""

    def __init__(self, message: str, *, where: str = "") -> None:
        """Word the error; *where* is the policy or the element at fault."""
        super().__init__(f"{where}: {message}" if where else message)

    def inside(self, where: str) -> PolicyError:
        """Give the same fault, seen from the element around it."""
        return PolicyError(str(self), where=where)
