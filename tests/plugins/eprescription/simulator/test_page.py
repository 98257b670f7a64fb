"""The page for makers of practice software says what there is."""

from __future__ import annotations

import re

from hub_eprescription.simulator import control
from hub_eprescription.simulator.faults import KINDS
from hub_eprescription.simulator.simulation import Simulation
from tests.shape.codes import ROOT

PAGE = (ROOT / "docs" / "how-to" / "prescriptions" / "simulate.md").read_text("utf-8")


def test_every_operation_is_named() -> None:
    """A fault can be asked for wherever the page says, and nowhere else."""
    lines = re.findall(r"^Operations of .*$", PAGE, re.MULTILINE)
    named = [name for line in lines for name in re.findall(r"`([a-z-]+)`", line)]
    assert sorted(named) == sorted(one.name for one in Simulation().routes)


def test_every_kind_of_fault_is_named() -> None:
    """What it does to a prescription, and what the caller sees."""
    table = PAGE[PAGE.index("| kind | was it done?") : PAGE.index("Operations of the E-Rezept")]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {kind for cell in first for kind in re.findall(r"`([a-z-]+)`", cell)}
    assert named == KINDS


def test_every_deed_of_the_pharmacy_is_named() -> None:
    """What can be played without a pharmacy."""
    named = set(re.findall(r"prescriptions/<number>/([a-z]+)`", PAGE))
    assert named - {"notification"} == set(control._DEEDS)
