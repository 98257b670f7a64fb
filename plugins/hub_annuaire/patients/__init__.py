"""Patients' own mailboxes: `<INS>@` the citizen operator's domain, without a list of patients.

    [directories.patients]
    kind = "patients"
    domains = ["patient.mssante.example"]

Not checked here: whether the patient has opened the mailbox. Their operator says so.
"""
