"""A thousand described operators, each by a description of its own: `python -m bench.operators`.

Written are N descriptions, and a hub.toml that names them all. They are the shipped ones, in turn, made
different in every path, every template and every title, so that nothing which one needs serves another. A
process of its own then reads the configuration as `hub serve` does and opens every operator by the hub's own
code. Another does the same with one operator: the difference in processor time is what the others cost,
free of what any hub takes to start. Peak memory is that of the first, as the kernel counts it
(`ru_maxrss`): interpreter and libraries included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

SHIPPED: Final = Path(__file__).parents[1] / "conf" / "operators"
SECONDS: Final = 2.0
MIB: Final = 150
"""What is promised for a thousand."""
_KINDS: Final[Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]]] = {
    "webhook": ({"account": "A{}"}, ("our_key", "their_key")),
    "fhir-messaging": (
        {"client_id": "hub{}", "audience": "api{}"},
        ("client_secret",),
    ),
    "two-phase": ({"participant": "T{}"}, ("password",)),
    "mesh": ({"mailbox": "X26{}", "workflow": "W{}"}, ("password", "shared_key")),
}


def write(folder: Path, count: int) -> Path:
    """Write descriptions, secrets and configuration; return the path of the latter."""
    from hub.adapters.keys.issue import KeyType  # noqa: PLC0415 -- the process that is measured needs none of it
    from hub.app import founding  # noqa: PLC0415 -- the same

    made = founding.found(
        folder / "hub",
        name="hub.example",
        address="hub@hub.example",
        title="Bench",
        kind=KeyType.ED25519,
    )
    secret = folder / "secret"
    secret.write_text("not a secret\n")
    secret.chmod(0o600)
    texts = {name: (SHIPPED / f"{name}.toml").read_text("utf-8") for name in _KINDS}
    tables = []
    for number in range(count):
        kind = list(_KINDS)[number % len(_KINDS)]
        mark = f"n{number:04}"
        file = folder / f"{mark}.toml"
        file.write_text(different(texts[kind], mark), "utf-8")
        parameters, secrets = _KINDS[kind]
        tables.append(
            f'\n[operators.{mark}]\nkind = "http"\ndomains = ["{mark}.mssante.example"]\n'
            f'description = "{file}"\nbase_url = "https://{mark}.example/api"\n'
            f"[operators.{mark}.parameters]\n"
            + "".join(f'{name} = "{value.format(number)}"\n' for name, value in parameters.items())
            + f"[operators.{mark}.secrets]\n"
            + "".join(f'{name} = "{secret}"\n' for name in secrets)
        )
    with made.file.open("a", encoding="utf-8") as configuration:
        configuration.write("".join(tables))
    return made.file


def different(text: str, mark: str) -> str:
    """Return a description that is like no other in its paths, templates and titles."""
    text = re.sub(r"^token_url = \{.*\n", "", text, flags=re.MULTILINE)
    text = text.replace("{{ parameters.token_url }}", f"https://id.{mark}.example/token")
    text = re.sub(r"\{\{ (.*?) \}\}", rf"{{{{ (\1) | default('{mark}') }}}}", text)
    text = re.sub(r'json = "\$', f'json = "$.{mark}', text)
    text = re.sub(r'(path = ")/', rf"\1/{mark}/", text)
    return re.sub(r'(title = ")', rf"\1{mark} ", text)


def measure(file: Path, *, deep: bool) -> dict[str, Any]:
    """Read and open everything in this process; return seconds of each part and the peak in MiB."""
    begun, before = time.perf_counter(), time.process_time()
    from hub.adapters.logs import setup  # noqa: PLC0415 -- importing is part of what is measured
    from hub.app.configuration import load  # noqa: PLC0415 -- the same
    from hub.app.parts import Opening  # noqa: PLC0415 -- the same

    setup.configure("console", "error")
    imported = time.perf_counter()
    settings = load(file).settings
    read = time.perf_counter()

    async def opened() -> tuple[int, Mapping[str, Exception]]:
        async with AsyncExitStack() as stack:
            opening = Opening(settings, stack, setup.get("bench"))
            operators = await opening.operators()
            if deep:
                _check(operators)
            done.extend((time.perf_counter(), time.process_time()))
            return sum(one.connector is not None for one in operators), opening.failed

    done: list[float] = []
    count, failed = asyncio.run(opened())
    return {
        "operators": count,
        "failed": [repr(one) for one in list(failed.values())[:3]],
        "imports_s": round(imported - begun, 2),
        "configuration_s": round(read - imported, 2),
        "opening_s": round(done[0] - read, 2),
        "total_s": round(done[0] - begun, 2),
        "cpu_s": round(done[1] - before, 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _check(operators: Any) -> None:
    from hub_http.description import checking  # noqa: PLC0415 -- only when asked for

    for one in operators:
        checking.check(one.connector.operator.description)


def main() -> None:
    """Write, measure in a process of its own, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument(
        "--deep", action="store_true", help="with the deep checks that come before a first use"
    )
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is not None:
        print(json.dumps(measure(given.child, deep=given.deep)))
        return
    found = _child(given.count, deep=given.deep)
    found["cpu_of_one_s"] = _child(1, deep=given.deep)["cpu_s"]
    for name, value in found.items():
        print(f"{name:16} {value}")
    if given.count == 1000:  # noqa: PLR2004 -- the promise is for these
        seconds = found["cpu_s"] - found["cpu_of_one_s"]
        kept = seconds < SECONDS and found["peak_mib"] < MIB and found["operators"] == given.count
        print(f"{seconds:.2f} s for them, under {SECONDS:g} s and {MIB} MiB: {'yes' if kept else 'NO'}")
        raise SystemExit(0 if kept else 1)


def _child(count: int, *, deep: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="caducee-operators-") as folder:
        file = write(Path(folder), count)
        command = [sys.executable, "-m", "bench.operators", "--child", str(file)]
        command += ["--deep"] if deep else []
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(said)
    return found


if __name__ == "__main__":
    main()
