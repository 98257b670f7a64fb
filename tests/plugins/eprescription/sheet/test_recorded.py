"""Recorded prescriptions on paper: nothing of what was prescribed is missing."""

from __future__ import annotations

from hub.domain.prescription import PrescriptionView
from hub_eprescription.gematik import bundle
from hub_eprescription.gematik import view as views
from hub_eprescription.sheet import sheet
from tests.plugins.eprescription import scenarios
from tests.plugins.eprescription.scenarios import What
from tests.plugins.eprescription.sheet import made


def test_recorded_prescriptions() -> None:
    """Every medicine that gematik's scenarios prescribe is printed, with its dose and its code."""
    printed = 0
    for view in _views():
        pdf = sheet.pdf(view, made.record(view.number), language="fr", title="E-Rezept")
        words = made.words(pdf, "-raw")
        for medicine in view.medicines:
            for text in (medicine.name, medicine.dosage, medicine.quantity, medicine.code or ""):
                assert text in words
        assert view.patient in words
        assert str(view.number) in words
        printed += 1
    assert printed >= 3


def _views() -> list[PrescriptionView]:
    """Return one prescription for each medicine."""
    found = {}
    for scenario in scenarios.scenarios():
        if scenario.negative:
            continue
        for one in scenario.files:
            if one.what is What.TO_SIGN and b"KBV_PR_ERP_Bundle" in one.content:
                view = views.of(bundle.read(one.content))
                found[view.medicines] = view
    return list(found.values())
