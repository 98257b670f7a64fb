"""A directory behind a FHIR R4 server of the Annuaire Santé's shape.

`asking` puts each question to the server, `copying` keeps a copy and answers from that. Both read
resources with `reading`, and make entries out of them with `joining` and `standing`.
"""
