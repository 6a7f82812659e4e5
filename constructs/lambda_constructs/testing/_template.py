"""The values of a template: intrinsic functions, conditions and parameters."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from lambda_constructs.errors import nearest
from lambda_constructs.testing.errors import AccountError

Value = Any
NO_VALUE = object()
SUB = re.compile(r"\$\{(!?)([^}]+)\}")


class Resolver:
    """Resolves the values of one stack, as far as its resources are there."""

    def __init__(
        self,
        template: Mapping[str, Value],
        pseudo: Mapping[str, Value],
        parameters: Mapping[str, Value],
        imports: Mapping[str, Value],
    ) -> None:
        self.template = template
        self.pseudo = pseudo
        self.imports = imports
        self.references: dict[str, Value] = {}
        self.attributes: dict[str, Mapping[str, Value]] = {}
        self.parameters = {
            name: parameters.get(name, declared.get("Default"))
            for name, declared in template.get("Parameters", {}).items()
        }

    def resolve(self, value: Value) -> Value:
        """Give *value* with every intrinsic function replaced by what it gives.

        Raises:
            AccountError: Something that it names is not there.
        """
        if isinstance(value, list):
            items = [self.resolve(each) for each in value]
            return [each for each in items if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self.ref(argument)
            if name.startswith("Fn::") and name in FUNCTIONS:
                return FUNCTIONS[name](self, argument)
            if name.startswith("Fn::"):
                raise AccountError(f"{name} is not known; use another function")
        resolved = {key: self.resolve(each) for key, each in value.items()}
        return {key: each for key, each in resolved.items() if each is not NO_VALUE}

    def ref(self, name: str) -> Value:
        """Give what `Ref` gives."""
        if name == "AWS::NoValue":
            return NO_VALUE
        for known in (self.pseudo, self.references, self.parameters):
            if name in known:
                value = known[name]
                return value() if callable(value) else value
        raise self._missing(f"Ref of {name!r}", name)

    def condition(self, name: str) -> bool:
        """Tell whether a condition holds."""
        conditions = self.template.get("Conditions", {})
        if name not in conditions:
            raise AccountError(
                f"condition {name!r} is not in the template" + nearest(name, conditions)
            )
        return bool(self.resolve(conditions[name]))

    def _missing(self, what: str, name: str) -> AccountError:
        declared = self.template.get("Resources", {})
        known = {*self.pseudo, *self.parameters, *declared}
        hint = nearest(name, known - {name})
        why = "was not created" if name in declared else "is not in the template"
        return AccountError(f"{what} cannot be resolved: {name} {why}{hint}")

    def get_att(self, argument: Value) -> Value:
        """Give what `Fn::GetAtt` gives."""
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        logical_id, attribute = parts[0], str(self.resolve(parts[1]))
        if logical_id not in self.attributes:
            raise self._missing(f"GetAtt of {attribute}", logical_id)
        found = self.attributes[logical_id]
        if attribute not in found:
            raise AccountError(
                f"{logical_id} has no attribute {attribute!r} in the test kit"
                + nearest(attribute, found)
            )
        return found[attribute]

    def sub(self, argument: Value) -> str:
        """Give what `Fn::Sub` gives."""
        text, names = (
            (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
        )

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return "${" + name + "}"
            if name in names:
                return str(self.resolve(names[name]))
            if "." in name:
                return str(self.get_att(name))
            return str(self.ref(name))

        return SUB.sub(replace, text)

    def join(self, argument: Value) -> str:
        """Give what `Fn::Join` gives."""
        return str(argument[0]).join(str(each) for each in self.resolve(argument[1]))

    def select(self, argument: Value) -> Value:
        """Give what `Fn::Select` gives."""
        index, items = int(self.resolve(argument[0])), self.resolve(argument[1])
        if not 0 <= index < len(items):
            raise AccountError(f"Fn::Select has no item {index} in {items!r}")
        return items[index]

    def split(self, argument: Value) -> list[str]:
        """Give what `Fn::Split` gives."""
        return str(self.resolve(argument[1])).split(str(argument[0]))

    def choose(self, argument: Value) -> Value:
        """Give what `Fn::If` gives."""
        name, then, otherwise = argument
        return self.resolve(then if self.condition(name) else otherwise)

    def import_value(self, argument: Value) -> Value:
        """Give what another stack exports."""
        name = str(self.resolve(argument))
        if name not in self.imports:
            raise AccountError(
                f"no deployed stack exports {name!r}; deploy the one that does first"
                + nearest(name, self.imports)
            )
        return self.imports[name]

    def find_in_map(self, argument: Value) -> Value:
        """Give what `Fn::FindInMap` gives."""
        mapping, first, second = (str(self.resolve(each)) for each in argument[:3])
        try:
            return self.template["Mappings"][mapping][first][second]
        except KeyError as error:
            raise AccountError(
                f"Fn::FindInMap has no {mapping}/{first}/{second}: {error} is missing"
            ) from None

    def equals(self, argument: Value) -> bool:
        """Give what `Fn::Equals` gives."""
        one, other = (self.resolve(each) for each in argument)
        return bool(str(one) == str(other))

    def _operand(self, each: Value) -> bool:
        if isinstance(each, dict) and each.keys() == {"Condition"}:
            return self.condition(each["Condition"])
        return bool(self.resolve(each))

    def every(self, argument: Value) -> bool:
        """Give what `Fn::And` gives."""
        return all(self._operand(each) for each in argument)

    def some(self, argument: Value) -> bool:
        """Give what `Fn::Or` gives."""
        return any(self._operand(each) for each in argument)

    def negation(self, argument: Value) -> bool:
        """Give what `Fn::Not` gives."""
        return not self._operand(argument[0])

    def base64(self, argument: Value) -> str:
        """Give what `Fn::Base64` gives."""
        return base64.b64encode(str(self.resolve(argument)).encode()).decode()

    def zones(self, argument: Value) -> list[str]:
        """Give three availability zones of the region."""
        region = self.resolve(argument) or self.pseudo["AWS::Region"]
        return [f"{region}{letter}" for letter in "abc"]


FUNCTIONS: dict[str, Callable[[Resolver, Value], Value]] = {
    "Fn::And": Resolver.every,
    "Fn::Base64": Resolver.base64,
    "Fn::Equals": Resolver.equals,
    "Fn::FindInMap": Resolver.find_in_map,
    "Fn::GetAZs": Resolver.zones,
    "Fn::GetAtt": Resolver.get_att,
    "Fn::If": Resolver.choose,
    "Fn::ImportValue": Resolver.import_value,
    "Fn::Join": Resolver.join,
    "Fn::Not": Resolver.negation,
    "Fn::Or": Resolver.some,
    "Fn::Select": Resolver.select,
    "Fn::Split": Resolver.split,
    "Fn::Sub": Resolver.sub,
}


def dependencies(resource: Mapping[str, Value]) -> set[str]:
    """Give the logical ids that a resource names, by reference or `DependsOn`."""
    found: set[str] = set()
    after = resource.get("DependsOn", [])
    found.update([after] if isinstance(after, str) else after)
    _collect(resource.get("Properties", {}), found)
    return found


def _collect(value: Value, found: set[str]) -> None:
    if isinstance(value, list):
        for each in value:
            _collect(each, found)
    elif isinstance(value, dict):
        if isinstance(value.get("Ref"), str):
            found.add(value["Ref"])
        target = value.get("Fn::GetAtt")
        if target is not None:
            found.add(target.split(".")[0] if isinstance(target, str) else target[0])
        if "Fn::Sub" in value:
            text = value["Fn::Sub"]
            text = text if isinstance(text, str) else text[0]
            found.update(name.split(".")[0] for _, name in SUB.findall(cast(str, text)))
        for each in value.values():
            _collect(each, found)
