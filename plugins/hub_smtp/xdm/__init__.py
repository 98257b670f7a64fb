"""IHE XDM: documents in a zip with their metadata, as MSSanté sends them (IHE ITI TF-2, 3.32).

| to … | use |
| --- | --- |
| unpack | `read.unpack` |
| recognise and look into a CDA document | `cda` |
| pack | `write.pack` |
"""
