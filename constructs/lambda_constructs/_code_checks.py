"""What Lambda would refuse about a function's code and what runs it."""

from __future__ import annotations

import json
from datetime import date
from weakref import WeakSet

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambda_constructs import limits
from lambda_constructs._known import asked_once, stack_of
from lambda_constructs._options import FunctionOptions
from lambda_constructs._packaging.target import check_supported, end_of
from lambda_constructs.errors import ConfigurationError, is_token
from lambda_constructs.practices import Practice

FROM_IMAGE = "FROM_IMAGE"
"""What CDK has for both, the runtime and the handler, of a container image."""

_checked: WeakSet[lambda_.Code] = WeakSet()


@asked_once
def name_of(runtime: lambda_.Runtime) -> str:
    """Give the name of *runtime*, which many functions have in common."""
    return runtime.name


def check_package(
    scope: Construct, handler: str, runtime: lambda_.Runtime, options: FunctionOptions
) -> None:
    """Check the handler, the runtime and what is mounted.

    Raises:
        ConfigurationError: They do not go together, or Lambda would refuse one.
    """
    name = name_of(runtime)
    from_image = name == FROM_IMAGE
    if from_image != (handler == FROM_IMAGE):
        raise ConfigurationError(
            "runtime and handler must both be FROM_IMAGE, or neither, got runtime="
            f"{name} and handler={handler!r}; a container image states both "
            "itself: pass Runtime.FROM_IMAGE and Handler.FROM_IMAGE",
            scope=scope,
        )
    check_runtime(scope, runtime)
    if from_image and options.get("layers"):
        raise ConfigurationError(
            "layers must not be given for a container image; copy them into the image",
            scope=scope,
        )
    if not is_token(handler) and not limits.HANDLER.fullmatch(handler):
        raise ConfigurationError(
            "handler must be 1 to 128 characters without white space, got "
            f"{handler!r} ({len(handler)} characters); pass module.function",
            scope=scope,
        )
    if name.startswith("python") and not is_token(handler) and "." not in handler:
        raise ConfigurationError(
            f"handler must be module.function, got {handler!r}, with which every "
            "invocation fails; pass 'index.handler' for handler() in index.py",
            scope=scope,
        )
    _check_file_system(scope, options)


def _check_file_system(scope: Construct, options: FunctionOptions) -> None:
    given = options.get("filesystem")
    if given is None:
        return
    if not options.get("vpc"):
        raise ConfigurationError(
            "filesystem needs vpc, got none; pass the VPC of its mount targets",
            scope=scope,
        )
    path, most = given.config.local_mount_path, limits.LOCAL_MOUNT_PATH_CHARACTERS
    if is_token(path):
        return
    if not limits.LOCAL_MOUNT_PATH.fullmatch(path) or len(path) > most:
        raise ConfigurationError(
            "the mount path of filesystem must be /mnt/ and a name of letters, digits, "
            f"dots, dashes and underscores, {most} characters in all, got {path!r}",
            scope=scope,
        )


def check_runtime(scope: Construct, runtime: lambda_.Runtime) -> None:
    """Check that Lambda supports a runtime of Python, and for how long yet.

    Raises:
        ConfigurationError: It does not any more.
    """
    name = name_of(runtime)
    version = name.removeprefix("python")
    if version == name:
        return
    today = date.today()
    try:
        check_supported(version, today)
    except ConfigurationError as error:
        raise ConfigurationError(str(error), scope=scope) from None
    if day := end_of(version, today):
        Practice.RUNTIME_ENDS_SOON.warn(
            scope,
            f"Lambda supports {name} until {day}; move to a newer runtime",
        )


def check_inline_code(
    scope: Construct, code: lambda_.Code, handler: str, resource: lambda_.CfnFunction
) -> None:
    """Check the length of code that is part of the template, and its handler.

    Raises:
        ConfigurationError: CloudFormation would refuse the code.
    """
    if not isinstance(code, lambda_.InlineCode):
        return
    if not is_token(handler) and not handler.startswith("index."):
        raise ConfigurationError(
            f"handler of inline code must be in index, got {handler!r}; Lambda writes "
            "such code into index.py, so pass 'index.handler'",
            scope=scope,
        )
    if code in _checked:
        return
    _checked.add(code)
    # All of its properties are one call of JavaScript, and each of its code another.
    code_of = resource._cfn_properties["code"]
    text = stack_of(scope).resolve(code_of)["zipFile"]
    if isinstance(text, str) and len(text) > limits.INLINE_CODE_CHARACTERS:
        raise ConfigurationError(
            f"inline code must be at most {limits.INLINE_CODE_CHARACTERS:,} "
            f"characters, got {len(text):,}; put it in a folder and pass "
            "PythonCode.from_folder()",
            scope=scope,
        )


def check_image_config(scope: Construct, resource: lambda_.CfnFunction) -> None:
    """Check what a container image is told instead of what it says itself.

    Raises:
        ConfigurationError: Lambda would refuse it.
    """
    given = stack_of(scope).resolve(resource.image_config)
    if not isinstance(given, dict):
        return
    for name, most, unit in (
        ("command", limits.IMAGE_CONFIG_ENTRIES, "entries"),
        ("entryPoint", limits.IMAGE_CONFIG_ENTRIES, "entries"),
        ("workingDirectory", limits.IMAGE_WORKING_DIRECTORY_CHARACTERS, "characters"),
    ):
        value = given.get(name)
        if isinstance(value, str | list) and len(value) > most:
            raise ConfigurationError(
                f"{IMAGE_OPTIONS[name]} of a container image must be at most {most:,} "
                f"{unit}, got {len(value):,}; state it in the image",
                scope=scope,
            )
    size = len(json.dumps(given, separators=(",", ":")).encode())
    if size > limits.IMAGE_CONFIG_BYTES:
        raise ConfigurationError(
            "cmd, entrypoint and working_directory of a container image must be at "
            f"most {limits.IMAGE_CONFIG_BYTES:,} bytes together, got {size:,}; state "
            "them in the image",
            scope=scope,
        )


IMAGE_OPTIONS = {
    "command": "cmd",
    "entryPoint": "entrypoint",
    "workingDirectory": "working_directory",
}
"""CDK's words for them."""
