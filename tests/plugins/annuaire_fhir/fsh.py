"""FHIR Shorthand → JSON, as far as the guides' examples use it (the language's sections 3.4 and 3.5).

Run as a program it makes `tests/assets/annuaire-fhir/examples.json` again:

    python -m tests.plugins.annuaire_fhir.fsh ../shared/data/annuaire-fhir
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

ASSETS: Final = Path(__file__).parents[2] / "assets" / "annuaire-fhir"

_ANNUAIRE = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/"
_CORE = "https://hl7.fr/ig/fhir/core/StructureDefinition/"
_PART = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-"
EXTENSIONS: Final = {
    "emailType": f"{_CORE}fr-core-contact-point-email-type",
    "as-mailbox-mss-metadata": f"{_ANNUAIRE}as-ext-mailbox-mss-metadata",
    "inseeCode": f"{_CORE}fr-core-address-insee-code",
    "usePeriod": "http://hl7.org/fhir/StructureDefinition/organization-period",
    "as-ext-registration": f"{_ANNUAIRE}as-ext-registration",
    "as-ext-organization-types": f"{_ANNUAIRE}as-ext-organization-types",
    "as-ext-person-birth-place": f"{_ANNUAIRE}as-ext-person-birth-place",
    "houseNumber": f"{_PART}houseNumber",
    "streetNameType": f"{_PART}streetNameType",
    "streetNameBase": f"{_PART}streetNameBase",
}
"""Slices whose name does not say which extension they are; parts of an extension are named by it."""

LISTS: Final = frozenset({
    "identifier", "name", "telecom", "address", "qualification", "extension", "coding", "given", "prefix",
    "line", "alias", "profile", "communication", "link", "entry", "tag", "type", "code",
})  # fmt: skip
CONCEPTS: Final = frozenset({"valueCodeableConcept", "type", "code"})
_SINGLE: Final = {("identifier", "type"), ("qualification", "code"), ("organization", "name")}
_STEP: Final = re.compile(r"([A-Za-z]+)((?:\[[^\]]*\])*)")


def instances(text: str) -> dict[str, dict[str, Any]]:
    """Return what a file defines, by the names of the instances."""
    found: dict[str, dict[str, Any]] = {}
    builder: _Builder | None = None
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)//.*$", "", raw).rstrip()
        if not line.strip():
            continue
        keyword, colon, rest = line.partition(":")
        if colon and keyword in {"Instance", "InstanceOf", "Usage", "Title", "Description"}:
            if keyword == "Instance":
                builder = None
                name = rest.strip()
            elif keyword == "InstanceOf":
                builder = _Builder(_resource_type(rest.strip()))
                found[name] = builder.resource
            continue
        if builder is not None:
            builder.rule(line)
    for resource in found.values():
        _tidy(resource)
    return found


def _tidy(resource: dict[str, Any]) -> None:
    """Put what hangs on a primitive where JSON has it (FHIR R4, 2.6.2.3)."""
    addresses = resource.get("address", [])
    for address in addresses if isinstance(addresses, list) else [addresses]:
        if any(isinstance(one, dict) for one in address.get("line", [])):
            address["_line"] = address["line"]
            address["line"] = [None for _ in address["line"]]


def _resource_type(profile: str) -> str:
    bare = re.sub(r"^As(Dp|Dr)?|Profile$", "", profile)
    return {"as-dr-person": "Person"}.get(bare, bare)


class _Builder:
    def __init__(self, type_: str) -> None:
        self.resource: dict[str, Any] = {"resourceType": type_}
        self._context: list[tuple[int, str]] = []
        self._slices: dict[int, list[tuple[str, Any]]] = {}
        self._last: dict[int, int] = {}

    def rule(self, line: str) -> None:
        """Follow one rule, `* path = value` or `* path` for those that are indented below it."""
        indent = len(line) - len(line.lstrip())
        path, equals, value = line.strip()[1:].strip().partition(" = ")
        self._context = [one for one in self._context if one[0] < indent]
        steps = [step for _, given in self._context for step in _split(given)] + _split(path.strip())
        if not equals:
            self._at(steps, fresh=True)
            # what is below means this very element
            self._context.append((indent, _settled(path.strip())))
            return
        self._assign(steps, value.strip())

    def _assign(self, steps: list[str], value: str) -> None:
        name = _STEP.match(steps[-1])
        assert name is not None
        parent = self._at(steps[:-1], fresh=True) if len(steps) > 1 else self.resource
        above = _STEP.match(steps[-2])[1] if len(steps) > 1 else self.resource["resourceType"].lower()  # type: ignore[index]
        read = _value(name[1], value)
        if (
            name[1] not in LISTS
            or (above, name[1]) in _SINGLE
            or (name[1] == "code" and isinstance(read, str))
        ):
            parent[name[1]] = read
            return
        place = self._place(parent, name[1], re.findall(r"\[([^\]]*)\]", name[2]))
        values = parent[name[1]]
        if isinstance(read, dict) and isinstance(values[place], dict):
            values[place].update(read)
        else:
            values[place] = read

    def _at(self, steps: list[str], *, fresh: bool) -> Any:
        here: Any = self.resource
        above = self.resource["resourceType"].lower()
        for step in steps:
            found = _STEP.match(step)
            assert found is not None, step
            name, marks = found[1], re.findall(r"\[([^\]]*)\]", found[2])
            if name in LISTS and (above, name) not in _SINGLE:
                place = self._place(here, name, marks)
                here = here[name][place]
                if isinstance(here, str):  # extensions of a primitive: of no use here
                    return {}
            else:
                here = here.setdefault(name, {})
            above = name
        return here

    def _place(self, parent: dict[str, Any], name: str, marks: list[str]) -> int:
        values = parent.setdefault(name, [])
        slice_ = next((one for one in marks if one not in {"+", "="} and not one.isdigit()), "")
        if "+" in marks or not values:
            return self._new(values, name, slice_)
        if number := next((one for one in marks if one.isdigit()), None):
            place = int(number)
            while place >= len(values):
                self._new(values, name, slice_)
            self._last[id(values)] = place
            return place
        if "=" in marks:
            return self._last[id(values)]
        if slice_:
            for named, place in reversed(self._slices.get(id(values), [])):
                if named == slice_:
                    return int(place)
            return self._new(values, name, slice_)
        return self._last[id(values)]

    def _new(self, values: list[Any], name: str, slice_: str) -> int:
        made: dict[str, Any] = {}
        if name == "extension" and slice_:
            made["url"] = EXTENSIONS.get(slice_, slice_)
        values.append(made)
        self._slices.setdefault(id(values), []).append((slice_, len(values) - 1))
        self._last[id(values)] = len(values) - 1
        return len(values) - 1


def _split(path: str) -> list[str]:
    return [step for step in re.split(r"\.(?![^\[]*\])", path) if step]


def _settled(path: str) -> str:
    """Return a path for the rules below: what was new is now the current one."""
    return path.replace("[+]", "" if re.search(r"\[[a-zA-Z]", path) else "[=]")


def _value(name: str, written: str) -> Any:
    if written in {"true", "false"} or written.isdigit() or written.startswith('"'):
        return json.loads(written)
    if found := re.fullmatch(r"Reference\((.+)\)", written):
        return {"reference": found[1]}
    if found := re.fullmatch(r"Canonical\((.+)\)", written):
        return f"{_ANNUAIRE}{found[1]}"
    system, hash_, code = written.rpartition("#")
    if not system:
        return code if hash_ else {"instance": written}
    coding = {"system": system, "code": code}
    return {"coding": [coding]} if name in CONCEPTS else coding


def main(folder: Path) -> None:
    """Read every example and write them in one file."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.fsh")):
        found |= instances(path.read_text("utf-8"))
    kept = {
        name: one
        for name, one in sorted(found.items())
        if one["resourceType"] in {"Practitioner", "PractitionerRole", "Organization"}
    }
    text = json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True)
    (ASSETS / "examples.json").write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
