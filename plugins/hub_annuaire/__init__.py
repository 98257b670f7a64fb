"""The national directory of health professionals (Annuaire Santé)."""
