"""The index alone keeps the promises of every directory that can be looked around in."""

from __future__ import annotations

import pytest

from hub.ports.directory import MailboxKind, Standing
from hub.testing.looking_contract import LookingContract, LookingRig
from tests.plugins.annuaire_looking import made
from tests.plugins.annuaire_looking.made import entry, shown

SHOWN = (
    shown(
        "camille.martin", "Dr Camille MARTIN", specialties=made.CARDIOLOGY, town="VALBRUME CEDEX 03",
        structure="CENTRE HOSPITALIER DE HAUTMONT",
    ),
    shown("elodie.aubepine", "Dr Élodie AUBÉPINE", specialties=made.GENERAL, town="Hautmont-sur-Brume"),
    shown("jp.lhermitte", "M. Jean-Pierre L'HERMITTE", profession="Infirmier", town="ST-CLAIR"),
    shown("noe.oeuvrard", "Pr Noé ŒUVRARD", specialties="Pédiatrie", town="69003 Valbrume"),
    shown(
        "cardiologie@ch-hautmont.mssante.example", "Centre hospitalier de Hautmont (Cardiologie)",
        mailbox=MailboxKind.ORGANISATIONAL, service="Cardiologie", town="Hautmont-sur-Brume",
    ),
)  # fmt: skip
HIDDEN = (
    entry(shown("zelda.rougelisse", "Dr Zelda ROUGELISSE", town="Valbrume"), unlisted=True),
    entry(shown("gaspard.corvaisier", "Dr Gaspard CORVAISIER"), standing=Standing.STRUCK_OFF),
)


class TestIndex(LookingContract):
    @pytest.fixture
    def looking(self) -> LookingRig:
        """Return a few mailboxes, and nothing."""
        listed = [entry(one) for one in SHOWN]
        unavailable = made.Looked(())
        unavailable.available = False
        return LookingRig(
            directory=made.Looked([*listed, *HIDDEN]), shown=listed, hidden=HIDDEN, unavailable=unavailable
        )
