"""HTTP to a prescription service: one session, and its published table of what each status asks for."""

from __future__ import annotations
