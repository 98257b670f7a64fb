"""Reading and writing MIME (RFC 5322, RFC 2045 to 2049, RFC 2231, RFC 6532): strict, by offsets, streamed.

| to … | use |
| --- | --- |
| find the parts of a mail | `structure.scan` |
| read a part's bytes | `decode` |
| read header fields | `fields`, `addresses`, `words`, `parameters` |
| write | `write` (header fields), `encode` (transfer encodings) |
"""
