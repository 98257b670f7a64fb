"""Looking around in a directory: an index beside its mailboxes, in the same SQLite file.

`index` is all that a directory needs: tables, `add`, `remove`, and `Index` for the questions.
"""
