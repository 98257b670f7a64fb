"""Germany: gematik's E-Rezept, by its inner FHIR interface.

The encrypted channel to the service's trusted environment (VAU), the identity provider (IdP) and the
terminals for smart cards are not spoken here.
"""

from __future__ import annotations
