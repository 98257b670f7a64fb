"""The help texts of `hub prescription` in French; see `hub.cli.french`."""

from __future__ import annotations

from typing import Final

HELP: Final = {
    "Have prescriptions issued, follow them, cancel them.": (
        "Faire émettre des ordonnances, les suivre, les annuler."
    ),
    "Have a prescription issued.\n\n"
    "Prints its id, state and number, and what to do. Exit code 0 when it is issued or awaits a\n"
    "signature, 4 or 5 when it is refused, 6 while it is under way: the hub goes on.": (
        "Faire émettre une ordonnance.\n\n"
        "Affiche identifiant, état et numéro, et ce qu'il faut faire. Code de retour 0 si elle est émise ou\n"
        "attend une signature, 4 ou 5 si elle est refusée, 6 tant qu'elle est en cours : le hub continue."
    ),
    "The prescription: FHIR R4, or CDA R2.": "L'ordonnance : FHIR R4, ou CDA R2.",
    "The prescriber's own mailbox.": "La boîte personnelle du prescripteur.",
    "The operator to issue it at; needed with several.": (
        "L'opérateur qui doit l'émettre ; nécessaire s'il y en a plusieurs."
    ),
    "Its media type; else what its name and its first lines say.": (
        "Son type de média ; sinon ce que disent son nom et ses premières lignes."
    ),
    "A word of the service's own; may be repeated.": "Un mot propre au service ; répétable.",
    "Hand it over once issued, as `hub send`; repeatable.": (
        "À qui la remettre une fois émise, comme `hub send` ; répétable."
    ),
    "In what form it is handed over.": "Sous quelle forme elle est remise.",
    "The language for patient and prescriber, such as fr.": (
        "La langue pour le patient et le prescripteur, comme fr."
    ),
    "Idempotency key: the same again issues nothing twice.": (
        "Clé d'idempotence : la même n'émet rien deux fois."
    ),
    "How long to wait for its issue.": "Combien de secondes attendre son émission.",
    "Show how a prescription stands, and what became of it.\n\n"
    "Number and state are shown; access code and 2D code only with --json.": (
        "Montrer où en est une ordonnance, et ce qu'elle est devenue.\n\n"
        "Numéro et état sont montrés ; code d'accès et code 2D seulement avec --json."
    ),
    "The prescription's id at the hub.": "L'identifiant de l'ordonnance dans le hub.",
    "Have the service asked now.": "Faire interroger le service maintenant.",
    "Cancel a prescription.\n\n"
    "Exit code 0 when it is cancelled, 4 when it can't be, 6 while the hub goes on asking the service.": (
        "Annuler une ordonnance.\n\n"
        "Code de retour 0 si elle est annulée, 4 si elle ne peut l'être, 6 tant que le hub continue de le\n"
        "demander au service."
    ),
    "Why, in words.": "Pourquoi, en mots.",
    "Why, by the service's own list of codes.": "Pourquoi, selon la liste de codes du service.",
    "Hand an issued prescription over by secure mail.\n\n"
    "Prints the mail's id. The same again sends nothing.": (
        "Remettre une ordonnance émise par messagerie sécurisée.\n\n"
        "Affiche l'identifiant du message. La même commande n'envoie rien de plus."
    ),
    "Who gets it, as in `hub send`.": "Qui la reçoit, comme dans `hub send`.",
    "Write the sheet for the patient, or the 2D code alone, into a new file.\n\n"
    "Who has it has the prescription: the file is made for its owner alone.": (
        "Écrire la feuille du patient, ou le seul code 2D, dans un nouveau fichier.\n\n"
        "Qui l'a tient l'ordonnance : le fichier est créé pour son seul propriétaire."
    ),
    "A new file: .pdf for the sheet, .png or .svg for the 2D code.": (
        "Un nouveau fichier : .pdf pour la feuille, .png ou .svg pour le code 2D."
    ),
    "The sheet's language; else the terminal's.": "La langue de la feuille ; sinon celle du terminal.",
    "Fetch what the prescriber is to sign, then hand over the signed result.\n\n"
    "Sign exactly the bytes that were fetched. Exit code as for `issue`.": (
        "Chercher ce que le prescripteur doit signer, puis remettre le résultat signé.\n\n"
        "Signez exactement les octets reçus. Code de retour comme pour `issue`."
    ),
    "Write what is to be signed into this new file.": ("Écrire ce qui est à signer dans ce nouveau fichier."),
    "Hand over what was signed, from this file.": "Remettre ce qui a été signé, de ce fichier.",
}
