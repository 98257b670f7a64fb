"""The page that a patient takes to a pharmacy: a PDF, in French or English."""

from __future__ import annotations
