"""Electronic prescriptions: issued at a national service, carried by secure mail, followed to their end."""

from __future__ import annotations
