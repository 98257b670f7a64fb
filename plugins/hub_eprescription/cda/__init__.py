"""French prescriptions as CDA R2 documents (eP-MED-DM), and what pharmacies say of them (eDISP-MED).

| to … | use |
| --- | --- |
| recognise a document, read its header | `recognising`, `header` |
| read what people read of a prescription | `reading`, with `lines` for medicines and devices |
| take number and 2D code as they stand in it | `number` |
| read a dispensing document | `dispensing` |
| check, record and hand over | `service`, `handing` |

The document is carried byte for byte, by MSSanté. The interface of the national tele-service is not public,
so nothing here speaks to it: number and 2D code are those that the prescriber's software got from it.
"""

from __future__ import annotations
