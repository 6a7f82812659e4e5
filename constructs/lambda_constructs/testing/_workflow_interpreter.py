"""Gives moto's interpreter of state machines other threads and other clients.

moto runs every state in threads of its own that wait in real time. Under a clock that
stands still its `Wait` never ends, and what runs when is up to the operating system.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from botocore.exceptions import ClientError

from lambda_constructs.testing.errors import AccountError

PARSER = "moto.stepfunctions.parser"
TASK = f"{PARSER}.asl.component.state.exec.state_task"
WAITING = ("Condition", "Event", "Lock", "RLock", "Thread", "threading", "time")


class Interpreter:
    """moto's interpreter, changed until `close()`."""

    def __init__(
        self, replacements: Mapping[str, Any], client: Callable[[str, str], Any]
    ) -> None:
        self._undo: list[tuple[Any, str, Any]] = []
        for module in _modules():
            for name in WAITING:
                if _is_threading(vars(module).get(name)):
                    self._replace(module, name, replacements[name])
            if "boto_client_for" in vars(module):
                self._replace(module, "boto_client_for", _clients(client))
        task = import_module(f"{TASK}.state_task_lambda").StateTaskLambda
        self._replace(task, "_from_error", _named_errors(task._from_error))

    def close(self) -> None:
        """Change it back."""
        for module, name, value in reversed(self._undo):
            setattr(module, name, value)
        self._undo.clear()

    def _replace(self, owner: Any, name: str, value: Any) -> None:
        self._undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)


def _clients(client: Callable[[str, str], Any]) -> Callable[..., Any]:
    def boto_client_for(service: str, state_credentials: Any, **_: str) -> Any:
        return client(service, state_credentials.role_arn)

    return boto_client_for


def _named_errors(original: Callable[..., Any]) -> Callable[..., Any]:
    """Name what Lambda refuses for a task that names a function by its ARN.

    moto 5.2 calls each of them `Exception`, so that no retrier of
    `Lambda.TooManyRequestsException` would know it.
    """
    service = import_module(f"{TASK}.service.state_task_service_lambda")

    def from_error(self: Any, env: Any, ex: Exception) -> Any:
        failure = original(self, env, ex)
        if isinstance(ex, ClientError):
            explain = service.StateTaskServiceLambda._error_cause_from_client_error
            error, cause = explain(ex)
            failure.error_name = service.CustomErrorName(error)
            (details,) = failure.event_details.values()
            details.update(error=error, cause=cause)
        return failure

    return from_error


def _is_threading(value: object) -> bool:
    module = sys.modules.get("threading")
    owners = (module, sys.modules.get("time"))
    return value in owners or getattr(value, "__module__", "") == "threading"


def _modules() -> list[ModuleType]:
    try:
        parser = import_module(PARSER)
        import_module(f"{PARSER}.models")
    except ImportError as error:
        raise AccountError(
            f"state machines need {error.name}; install moto[stepfunctions]"
        ) from None
    for each in pkgutil.walk_packages(parser.__path__, f"{PARSER}."):
        if ".state_task.service." in each.name:
            import_module(each.name)
    return [
        module for name, module in sys.modules.items() if name.startswith(f"{PARSER}.")
    ]
