"""What the `hub` program's exit codes mean; `docs/reference/cli.md` prints this table.

| code | means |
| --- | --- |
| 0 | it is done, and all is well |
| 1 | something unexpected: a fault in the program |
| 2 | the command line is wrong |
| 3 | the configuration, a key or a plugin can't be used as it is |
| 4 | refused: the input is wrong, or what was asked can't be done |
| 5 | trust: a signature does not hold, or somebody may not do this |
| 6 | temporary: the store, the hub, a directory or an operator can't answer now |
| 130 | interrupted from the keyboard |
"""

from __future__ import annotations

from typing import Final

from hub.errors import ConfigError, HubError, InputError, PeerError, StoreError, TrustError

FINE: Final = 0
UNEXPECTED: Final = 1
USAGE: Final = 2
CONFIGURATION: Final = 3
REFUSED: Final = 4
TRUST: Final = 5
TEMPORARY: Final = 6
INTERRUPTED: Final = 130

_CODES: Final[dict[type[HubError], int]] = {
    ConfigError: CONFIGURATION,
    InputError: REFUSED,
    TrustError: TRUST,
    PeerError: TEMPORARY,
    StoreError: TEMPORARY,
}


def of(error: BaseException) -> int:
    """Return the exit code for an error; of a group, the first that its members agree to explain."""
    if isinstance(error, BaseExceptionGroup):
        codes = [of(one) for one in error.exceptions]
        return next((code for code in codes if code != UNEXPECTED), UNEXPECTED)
    return next((code for branch, code in _CODES.items() if isinstance(error, branch)), UNEXPECTED)
