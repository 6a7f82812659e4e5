"""Check that Lambda will find the handler, without running it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping

from lambda_constructs._packaging.target import Target
from lambda_constructs.errors import ConfigurationError, nearest

Function = ast.FunctionDef | ast.AsyncFunctionDef
# What newer versions of Python have that the one that runs this may not know.
NEWER_MODULES = frozenset({"annotationlib", "compression", "_zstd"})
ARGUMENTS = 2


def module_file(files: Collection[str], module: str) -> str | None:
    """Give the file of a module: `a.b` is a/b.py or a/b/__init__.py."""
    path = module.replace(".", "/")
    return next(
        (it for it in (f"{path}.py", f"{path}/__init__.py") if it in files), None
    )


def check_handler(
    handler: str, files: Mapping[str, bytes], besides: Collection[str], folder: str
) -> str | None:
    """Raise unless *handler*, as in `index.handler`, names a function in *files*.

    Returns:
        The handler's file; None if it is among the modules *besides*, which come
        from dependencies or layers.

    Raises:
        ConfigurationError: It does not, or Lambda could not call it.
    """
    module, dot, name = handler.rpartition(".")
    module = module.replace("/", ".")
    if not dot or not module or not name.isidentifier():
        raise ConfigurationError(
            f"handler must be the name of a file and a function, got {handler!r}, "
            "allowed e.g. 'index.handler'"
        )
    path = module_file(files, module)
    if path is None:
        if module.split(".")[0] in besides:
            return None
        raise ConfigurationError(_no_file(handler, module, files, folder))
    tree = _parse(files[path])
    if tree is not None:
        _check_function(name, path, tree, folder)
    return path


def check_syntax(
    files: Mapping[str, bytes], errors: Mapping[str, tuple[str, int]], folder: str
) -> None:
    """Raise for a module of the user's that the target's Python does not compile.

    Raises:
        ConfigurationError: There is one.
    """
    for path in files:
        if path in errors:
            what, line = errors[path]
            raise ConfigurationError(
                f"{folder}/{path} must be valid Python, got {what} in line {line}; "
                "correct it"
            )


def syntax_errors(
    files: Mapping[str, bytes], target: Target
) -> dict[str, tuple[str, int]]:
    """Find modules that the Python that runs this cannot parse for *target*."""
    version = min(target.version, sys.version_info[:2])
    errors = {}
    for path, data in files.items():
        if path.endswith(".py"):
            try:
                ast.parse(data, feature_version=version)
            except SyntaxError as error:
                errors[path] = (error.msg, error.lineno or 0)
            except ValueError as error:  # null bytes
                errors[path] = (str(error), 0)
    return errors


def missing_imports(
    path: str, files: Mapping[str, bytes], besides: Collection[str]
) -> list[str]:
    """List the modules that importing *path* needs and nothing brings.

    Only what is imported unconditionally when the module is loaded counts.
    """
    known = sys.stdlib_module_names | NEWER_MODULES | set(besides)
    own = {name.split("/")[0].removesuffix(".py") for name in files}
    return sorted(
        {
            module.split(".")[0]
            for statement in imports_of(path, files)
            for module in modules_in(statement)
        }
        - known
        - own
    )


def imports_of(
    path: str, files: Mapping[str, bytes]
) -> Iterator[ast.Import | ast.ImportFrom]:
    """Give the imports that loading *path* runs, those of the user's modules too."""
    pending, seen = [path], {path}
    while pending:
        tree = _parse(files[pending.pop(0)])
        for statement in [] if tree is None else tree.body:
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                continue
            if isinstance(statement, ast.ImportFrom) and statement.level:
                continue  # within a package, whose modules are all there
            yield statement
            for module in modules_in(statement):
                own = module_file(files, module)
                if own is not None and own not in seen:
                    seen.add(own)
                    pending.append(own)


def modules_in(statement: ast.Import | ast.ImportFrom) -> list[str]:
    """Name the modules that a statement imports from."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    return [statement.module or ""]


def _parse(data: bytes) -> ast.Module | None:
    try:
        return ast.parse(data)
    except (SyntaxError, ValueError):
        return None


def _no_file(handler: str, module: str, files: Mapping[str, bytes], folder: str) -> str:
    """Say where the handler's file may be instead."""
    last = f"{module.rsplit('.', 1)[-1]}.py"
    below = [path for path in files if path.endswith(f"/{last}")]
    if below:
        inner = below[0].rsplit("/", 1)[0]
        return (
            f"handler {handler!r} must be in {last} at the top of {folder}, got "
            f"{', '.join(below[:3])}; pass the folder itself, e.g. "
            f"from_folder('{folder}/{inner}')"
        )
    modules = [path.removesuffix(".py") for path in files if path.endswith(".py")]
    there = ", ".join(sorted(modules)[:5]) or "no Python file"
    return (
        f"handler {handler!r} must be in {folder}/{last}, got {there}"
        f"{nearest(module, modules)}"
    )


def _check_function(name: str, path: str, tree: ast.Module, folder: str) -> None:
    """Raise unless the module defines *name* so that Lambda can call it."""
    defined: dict[str, ast.AST] = {}
    for statement in _statements(tree.body):
        for each in _names(statement):
            defined[each] = statement
    if "*" in defined or "__getattr__" in defined:
        return
    found = defined.get(name)
    if found is None:
        raise ConfigurationError(
            f"{folder}/{path} must define the handler {name!r}, got "
            f"{', '.join(sorted(defined)[:8]) or 'nothing'}{nearest(name, defined)}"
        )
    if not isinstance(found, Function) or found.decorator_list:
        return
    if isinstance(found, ast.AsyncFunctionDef):
        raise ConfigurationError(
            f"{folder}/{path}: {name!r} must be a plain function, got async def, whose "
            "result Lambda cannot send; call asyncio.run in it"
        )
    required = len(found.args.posonlyargs + found.args.args) - len(found.args.defaults)
    room = len(found.args.posonlyargs + found.args.args)
    if required > ARGUMENTS or (room < ARGUMENTS and found.args.vararg is None):
        raise ConfigurationError(
            f"{folder}/{path}: {name!r} must take an event and a context, got "
            f"{name}({ast.unparse(found.args)})"
        )


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Give the statements that run when the module is loaded, nested ones too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            for field in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                yield from _statements(handler.body)


def _names(statement: ast.stmt) -> Iterator[str]:
    """Give the names that a statement defines."""
    if isinstance(statement, Function | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield (alias.asname or alias.name).split(".")[0]
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
