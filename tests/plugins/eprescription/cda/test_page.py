"""What docs/how-to/prescriptions/france.md says is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from hub.plugin import Table
from hub_eprescription.cda import limits, products, settings

PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "prescriptions" / "france.md"


def test_the_table_is_one_that_is_taken() -> None:
    """The configuration that the page shows can be pasted."""
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (table,) = tomllib.loads(block)["operators"].values()
    # These two are the hub's own, of every operator.
    assert table.pop("kind") == "cda"
    assert table.pop("domains") == ["ordonnances.hub.example"]
    found = settings.parse(Table(table, file=Path("/etc/hub/hub.toml"), path="operators.ordonnances"))
    assert found.trust == (Path("/etc/hub/tls/prescribers.pem"),)
    assert not found.signature_required


def test_versions_and_code_systems() -> None:
    """Every version and every code system that is known is named."""
    text = PAGE.read_text()
    assert all(version in text for version in limits.VERSIONS)
    (line,) = [one for one in text.splitlines() if one.startswith("The known code systems are")]
    assert set(re.findall(r"[A-Z]{2,}", line)) == set(products.SYSTEMS.values())
