"""Write the list of actions that `allow` is checked against: `make action-list`.

The source is https://github.com/act-security-labs/iam-data (MIT), which reads AWS's
service authorization reference once a day:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "constructs" / "lambda_constructs" / "_iam"
ACTIONS = FOLDER / "actions.gz"
LICENCE = FOLDER / "LICENSE.txt"


def main() -> None:
    """Write the list and tell what has changed in it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("package", type=Path, help="the folder of iam-data")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    before = names(ACTIONS.read_bytes()) if ACTIONS.exists() else set()
    made = packed(options.package)
    after = names(made)
    for sign, changed in ("+", after - before), ("-", before - after):
        sys.stdout.writelines(f"{sign} {name}\n" for name in sorted(changed))
    sys.stdout.write(f"{len(after):,} actions, {len(made):,} bytes\n")
    if options.check and made != ACTIONS.read_bytes():
        sys.exit(f"{ACTIONS.name} is not what `make action-list` writes; run it")
    if not options.check:
        ACTIONS.write_bytes(made)
        LICENCE.write_text((options.package / "LICENSE.txt").read_text("utf-8"))


def packed(package: Path) -> bytes:
    """Give the whole list: a line on its source, then a line for each service."""
    about = json.loads((package / "package.json").read_text("utf-8"))
    source = {
        "name": about["name"],
        "version": about["version"],
        "license": about["license"],
        "date": about["updatedAt"][:10],
    }
    data = package / "data"
    services = json.loads((data / "services.json").read_text("utf-8"))
    lines = [json.dumps(source)]
    lines += [f"{name}\t{line(data, name)}" for name in sorted(services)]
    return gzip.compress("\n".join([*lines, ""]).encode(), 9, mtime=0)


def line(data: Path, service: str) -> str:
    """Give the form of each kind of resource, and the actions by the kinds they take.

    Raises:
        KeyError: An action takes a kind of resource that has no form.
    """
    resources = read(data / "resourceTypes" / f"{service}.json")
    forms = {each["key"]: each["arn"] for each in resources.values()}
    actions: dict[str, list[str]] = {}
    for action in read(data / "actions" / f"{service}.json").values():
        kinds = sorted(each["name"] for each in action["resourceTypes"])
        for kind in kinds:
            forms[kind]
        actions.setdefault("|".join(kinds), []).append(action["name"])
    found = {
        "resources": dict(sorted(forms.items())),
        "actions": {kinds: sorted(actions[kinds]) for kinds in sorted(actions)},
    }
    return json.dumps(found, separators=(",", ":"))


def read(path: Path) -> dict[str, Any]:
    """Give what is in a file, if there is one: some services have no resources."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def names(list_: bytes) -> set[str]:
    """Give the actions in a list, by their whole names."""
    found = set()
    for each in gzip.decompress(list_).decode().splitlines()[1:]:
        service, _, rest = each.partition("\t")
        for actions in json.loads(rest)["actions"].values():
            found |= {f"{service}:{action}" for action in actions}
    return found


if __name__ == "__main__":
    main()
