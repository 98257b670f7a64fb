"""Rules about who may write what to whom: care team, opposition, roles, number of recipients."""

from __future__ import annotations
