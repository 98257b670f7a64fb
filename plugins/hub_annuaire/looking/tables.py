"""The tables of the index, for the file that holds the mailboxes.

`looking_row` has one row a mailbox, in the order in which answers come: people's mailboxes first, then
by name. Between two rows `GAP` numbers are left, for those that later updates bring. What is indexed is
`looking_text`: every word of a row, and those of its name once more with `MARK` before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.ports.directory import MailboxKind

GAP: Final = 32
MARK: Final = "§"
"""No letter nor digit, so no word that somebody types begins with it."""

BANDS: Final = {
    MailboxKind.PERSONAL: 0,
    MailboxKind.PRACTICE: 1,
    MailboxKind.ORGANISATIONAL: 2,
    MailboxKind.APPLICATION: 3,
    MailboxKind.PATIENT: 4,
}

TABLES: Final = """
CREATE TABLE looking_row (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,   -- Address.key
  band INTEGER NOT NULL,
  name TEXT NOT NULL,  -- folded words, the family name first; compounds once more at the end, in one word
  trade TEXT NOT NULL, -- those of profession and specialties
  town TEXT NOT NULL,  -- those of town and postcode
  other TEXT NOT NULL  -- those of structure, service and address
);
CREATE UNIQUE INDEX looking_key ON looking_row (key);
CREATE VIEW looking_text (id, words) AS
  SELECT id, name || ' ' || trade || ' ' || town || ' ' || other || ' §' || replace(name, ' ', ' §')
  FROM looking_row;
CREATE VIRTUAL TABLE looking USING fts5 (
  words, content='looking_text', content_rowid='id', detail=none, columnsize=0, prefix='1 2 3 4 5 6',
  tokenize='ascii'
);
CREATE TABLE looking_word (
  word TEXT PRIMARY KEY,
  count INTEGER NOT NULL, -- rows that have it
  trade INTEGER NOT NULL  -- whether it has ever stood in a profession or a specialty
) WITHOUT ROWID;
CREATE TABLE looking_piece (
  hash INTEGER NOT NULL, traits INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, traits, id)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What of one mailbox may be searched. `key` is `Address.key`; what is not known is empty."""

    key: str
    address: str
    name: str
    mailbox: MailboxKind
    profession: str = ""
    specialties: str = ""
    structure: str = ""
    service: str = ""
    town: str = ""
    postcode: str = ""
