"""A hub that has nothing to sign yet has not loaded what signing needs."""

from __future__ import annotations

import subprocess
import sys


def test_settings_load_nothing_heavy() -> None:
    """Reading a configuration with signers in it loads no card library, no pyHanko, no lxml."""
    heavy = ("pyhanko", "pyhanko_certvalidator", "asn1crypto", "pkcs11", "lxml")
    code = f"""
import sys
import hub_eprescription.signing.authorities, hub_eprescription.signing.cades
import hub_eprescription.signing.signers
print(*[one for one in {heavy!r} if one in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert not ran.stdout.strip()
