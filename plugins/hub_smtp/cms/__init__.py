"""Cryptographic Message Syntax for S/MIME (RFC 5652, RFC 8551): sign, verify, encrypt, decrypt.

Nothing here knows MIME, sockets or files. Large contents pass as streams and are never whole in
memory: see `stream`.

| to … | use |
| --- | --- |
| sign a digest | `signer.Signer` |
| read and verify a signature | `signed.parse`, `signed.read`, `signed.content_pieces`, `SignedData.verify` |
| name the authorities | `trust.Anchors` |
| encrypt | `encrypt.Encryption` |
| decrypt | `decrypt.decrypt` |
"""
