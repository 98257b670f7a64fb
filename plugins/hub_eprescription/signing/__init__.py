"""Prescribers' signatures: made by their keys, verified on receipt.

`signers` opens the keys that the configuration names (`pem`, `pkcs11`); `cades` and `xmldsig` make and
verify the two formats; `authorities` says whose certificates count, `verdict` what came of it.
"""

from __future__ import annotations
