"""The help texts in French: by the English text of the command or option that they belong to.

A test holds the catalogue to the program: nothing missing, nothing left over.
"""

from __future__ import annotations

from typing import Any, Final

from hub.cli import french_prescription

HELP: Final = {
    **french_prescription.HELP,
    # The program
    "Caducée: every secure health-messaging operator reaches every other one.\n\n"
    "Begin with `hub init`, then `hub check` and `hub serve`.": (
        "Caducée : chaque opérateur de messagerie sécurisée de santé joint tous les autres.\n\n"
        "Commencez par `hub init`, puis `hub check` et `hub serve`."
    ),
    "The configuration; else CADUCEE_CONFIG, ./hub.toml, /etc/caducee/hub.toml.": (
        "La configuration ; sinon CADUCEE_CONFIG, ./hub.toml, /etc/caducee/hub.toml."
    ),
    "Do not import the plugin of this name; may be repeated.": (
        "Ne pas importer l'extension de ce nom ; répétable."
    ),
    "Show the version and exit.": "Afficher la version et quitter.",
    "Install completion for the current shell.": "Installer la complétion pour ce shell.",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "Afficher la complétion pour ce shell, pour la copier ou l'adapter."
    ),
    "Show this message and exit.": "Afficher ce message et quitter.",
    "Print JSON for a program.": "Écrire du JSON pour un programme.",
    # init
    "Make a working configuration from nothing.\n\n"
    "Writes hub.toml, folders, a signing key with a self-signed certificate, the vault and a first API\n"
    "token, for their owner alone. Overwrites nothing. Asks for name and address on a terminal only.": (
        "Créer de rien une configuration qui marche.\n\n"
        "Écrit hub.toml, les dossiers, une clé de signature et son certificat auto-signé, le coffre et un\n"
        "premier jeton d'API, pour leur seul propriétaire. N'écrase rien. Ne demande nom et adresse qu'à un\n"
        "terminal."
    ),
    "Where to make it.": "Où la créer.",
    "The hub's host name; default: this machine's.": "Le nom d'hôte du hub ; sinon celui de la machine.",
    "The hub's own mailbox; default: hub@NAME.": "L'adresse propre au hub ; sinon hub@NOM.",
    "The name beside that address.": "Le nom qui accompagne cette adresse.",
    "Make an ES256 signing key instead of an Ed25519 one.": (
        "Créer une clé de signature ES256 plutôt qu'Ed25519."
    ),
    # check
    "Check everything that a hub needs: configuration, plugins, keys, store, directories, operators.\n\n"
    "Sends nothing. Each line is ✓, ! (works, but look at it) or ✗. Exit code 0 without a ✗, else that\n"
    "of the first one: 3 configuration or keys, 6 something that does not answer.": (
        "Vérifier tout ce qu'il faut à un hub : configuration, extensions, clés, stockage, annuaires,"
        " opérateurs.\n\n"
        "N'envoie rien. Chaque ligne est ✓, ! (marche, mais à regarder) ou ✗. Code de retour 0 sans ✗,\n"
        "sinon celui du premier : 3 configuration ou clés, 6 quelque chose ne répond pas."
    ),
    # serve
    "Run the hub until SIGTERM or SIGINT.\n\n"
    "Logs to standard error; `hub.ready` says that it listens. On the first signal it takes nothing new\n"
    "and finishes what runs, on the second it ends at once; both lose nothing. Exit code 0 after a stop,\n"
    "3 for a configuration that can't be used, 6 when the store is in use or fails.": (
        "Faire tourner le hub jusqu'à SIGTERM ou SIGINT.\n\n"
        "Journal sur l'erreur standard ; `hub.ready` dit qu'il écoute. Au premier signal il ne prend plus\n"
        "rien et finit ce qui court, au second il s'arrête net ; ni l'un ni l'autre ne perd rien. Code de\n"
        "retour 0 après un arrêt, 3 si la configuration est inutilisable, 6 si le stockage est pris ou en\n"
        "panne."
    ),
    # send
    "Send a message through the API of a running hub.\n\n"
    "Prints its id, and who was refused and why. Exit code 0 when the hub took it; with --wait, when it\n"
    "reached everybody.": (
        "Envoyer un message par l'API d'un hub en marche.\n\n"
        "Affiche son identifiant, et qui est refusé et pourquoi. Code de retour 0 si le hub l'a pris ; avec\n"
        "--wait, s'il a atteint tout le monde."
    ),
    "Who sends.": "Qui envoie.",
    "Who receives: address, rpps:…, finess:…, ins:…, or 'name, specialty, town'; repeatable.": (
        "Qui reçoit : adresse, rpps:…, finess:…, ins:…, ou 'nom, spécialité, ville' ; répétable."
    ),
    "The subject.": "L'objet.",
    "Who gets a copy.": "Qui reçoit une copie.",
    "Who gets a copy that nobody else sees.": "Qui reçoit une copie que nul autre ne voit.",
    "The text; - reads it from standard input.": "Le texte ; - le lit de l'entrée standard.",
    "A document, may be repeated.": "Un document ; répétable.",
    "Idempotency key: the same again sends nothing twice.": (
        "Clé d'idempotence : la même n'envoie rien deux fois."
    ),
    "The hub's API; else CADUCEE_URL.": "L'API du hub ; sinon CADUCEE_URL.",
    "A file with the token; else CADUCEE_TOKEN.": "Un fichier contenant le jeton ; sinon CADUCEE_TOKEN.",
    "The client certificate to show.": "Le certificat client à présenter.",
    "Its private key, unless in the same file.": "Sa clé privée, si elle n'est pas dans le même fichier.",
    "Authorities to trust, not the system's.": "Les autorités de confiance, au lieu de celles du système.",
    "Follow the message to its end.": "Suivre le message jusqu'à sa fin.",
    # trace
    "Show a message's timeline: who got it, through whom, when, and why not.\n\n"
    "Reads the store beside a running hub. Subject and contents are never shown.": (
        "Montrer le parcours d'un message : qui l'a reçu, par qui, quand, et pourquoi non.\n\n"
        "Lit le stockage à côté d'un hub en marche. L'objet et les contenus ne sont jamais montrés."
    ),
    "The message's id, or one delivery's.": "L'identifiant du message, ou d'une remise.",
    "Write the sealed envelope there, for `hub verify`.": (
        "Y écrire l'enveloppe scellée, pour `hub verify`."
    ),
    # verify
    "Check a sealed envelope, offline and step by step.\n\n"
    "Says who sealed it and when, and what of it holds. The time is the signer's own word. Exit code 0\n"
    "when all holds, 4 when it is no envelope, 5 when a signature, the trust or a document fails.": (
        "Vérifier une enveloppe scellée, hors ligne et pas à pas.\n\n"
        "Dit qui l'a scellée et quand, et ce qui en tient. L'heure est la parole du signataire. Code de\n"
        "retour 0 si tout tient, 4 si ce n'est pas une enveloppe, 5 si une signature, la\n"
        "confiance ou un document ne tient pas."
    ),
    "The sealed envelope (JWS); - reads it in.": "L'enveloppe scellée (JWS) ; - la lit de l'entrée.",
    "A certificate to trust, may be repeated; default: the configuration's.": (
        "Un certificat de confiance ; répétable ; sinon ceux de la configuration."
    ),
    "Find the sealed documents among the files of this folder.": (
        "Retrouver les documents scellés parmi les fichiers de ce dossier."
    ),
    # queue
    "See and move what is still to be delivered.": "Voir et déplacer ce qui reste à remettre.",
    "List open deliveries, the oldest first, by ids and codes only.": (
        "Lister les remises en cours, la plus ancienne d'abord, par identifiants et codes seulement."
    ),
    "Only this operator's.": "Seulement de cet opérateur.",
    "Only in this state: pending, leased or uncertain.": (
        "Seulement dans cet état : pending, leased ou uncertain."
    ),
    "How many at most.": "Combien au plus.",
    "Bring waiting deliveries forward: they are due now.\n\n"
    "About an uncertain one the operator is asked again; it is never sent again blindly.": (
        "Avancer des remises qui attendent : elles sont dues maintenant.\n\n"
        "Pour une remise incertaine, l'opérateur est de nouveau interrogé ; rien n'est renvoyé à l'aveugle."
    ),
    "Ids of deliveries, as `queue list` shows.": "Identifiants de remises, comme `queue list` les montre.",
    "Give up waiting deliveries; senders who asked to hear of failures are told.": (
        "Abandonner des remises qui attendent ; les expéditeurs qui voulaient l'apprendre sont avertis."
    ),
    "Say what became of uncertain deliveries, when you have found out.": (
        "Dire ce que sont devenues des remises incertaines, une fois que vous le savez."
    ),
    "The recipient's operator has it.": "L'opérateur du destinataire l'a.",
    "Nothing arrived: send it again.": "Rien n'est arrivé : renvoyer.",
    "The operator refused it for good.": "L'opérateur l'a refusée définitivement.",
    # directory
    "Fill the directory of professionals, and ask it.": (
        "Remplir l'annuaire des professionnels, l'interroger."
    ),
    "Look around in the directories, as in an address book.\n\n"
    "Each word begins a name, profession, specialty, structure, service, town, postcode or address.\n"
    "Accents, case and hyphens don't matter. Unlisted mailboxes stay out. Exit code 4 when nobody fits.": (
        "Chercher dans les annuaires, comme dans un carnet d'adresses.\n\n"
        "Chaque mot commence un nom, une profession, une spécialité, une structure, un service, une ville,\n"
        "un code postal ou une adresse. Accents, majuscules et tirets ne comptent pas. La liste rouge n'est\n"
        "pas montrée. Code de retour 4 si personne ne correspond."
    ),
    "Words, or their beginnings, in any order.": "Des mots, ou leurs débuts, dans n'importe quel ordre.",
    "Only this directory, by its name in the configuration.": (
        "Seulement cet annuaire, par son nom dans la configuration."
    ),
    "Show how the hub decides about a recipient: each directory, the trust space, the operator.\n\n"
    "Exit code 0 when a message would be accepted, 4 when it would be refused, 6 when what must be asked\n"
    "can't answer.": (
        "Montrer comment le hub décide d'un destinataire : annuaires, espace de confiance, opérateur.\n\n"
        "Code de retour 0 si un message serait accepté, 4 s'il serait refusé, 6 si ce qu'il faut interroger\n"
        "ne peut répondre."
    ),
    "Answer whether somebody was allowed to practise at a moment, and list what is remembered of them.\n\n"
    "Says what the directory held then, and what was learnt about that day since. A time without an offset\n"
    "is this machine's. Exit code 4 when nothing is remembered of them.": (
        "Répondre si quelqu'un pouvait exercer à un moment, et lister ce qui en est retenu.\n\n"
        "Dit ce que l'annuaire tenait alors, et ce qu'il a appris de ce jour depuis. Une heure sans\n"
        "décalage est celle de cette machine. Code de retour 4 si rien n'est retenu de cette personne."
    ),
    "The moment asked about, such as 2026-03-03T14:00.": "Le moment en question, comme 2026-03-03T14:00.",
    "Fetch what is new from the server that fills a directory; go on where a broken attempt stopped.\n\n"
    "A running hub answers from what it held until all has come. Exit code 6 when the server can't answer.": (
        "Chercher le nouveau au serveur qui remplit un annuaire ; reprendre là où un essai s'est arrêté.\n\n"
        "Un hub en marche répond de ce qu'il tenait jusqu'à ce que tout soit là. Code de retour 6 si le\n"
        "serveur ne peut répondre."
    ),
    "Replace what a directory holds by what the files say, at once or not at all.\n\n"
    "A running hub answers from the new version within seconds. A file that is wrong changes nothing, and\n"
    "the error says which line and column.": (
        "Remplacer le contenu d'un annuaire par ce que disent les fichiers, d'un coup ou pas du tout.\n\n"
        "Un hub en marche répond de la nouvelle version en quelques secondes. Un fichier faux ne change\n"
        "rien, et l'erreur dit quelle ligne et quelle colonne."
    ),
    "The files of one extraction.": "Les fichiers d'une extraction.",
    "Which directory, by its name in the configuration; needed with several.": (
        "Quel annuaire, par son nom dans la configuration ; nécessaire s'il y en a plusieurs."
    ),
    "Ask the directories who somebody is and whether they may practise today.\n\n"
    "Exit code 4 when nobody is listed, 6 when a directory can't answer.": (
        "Demander aux annuaires qui est quelqu'un et s'il peut exercer aujourd'hui.\n\n"
        "Code de retour 4 si personne n'y figure, 6 si un annuaire ne peut répondre."
    ),
    "An address, rpps:…, finess:…, ins:…, or 'name, specialty, town'.": (
        "Une adresse, rpps:…, finess:…, ins:…, ou 'nom, spécialité, ville'."
    ),
    # plugins
    "See what plugins are installed and what they offer.": (
        "Voir quelles extensions sont installées et ce qu'elles proposent."
    ),
    "List the plugins: those that stand, those refused and why, those blocked.\n\n"
    "Exit code 3 when one was refused.": (
        "Lister les extensions : les valables, les refusées et pourquoi, les bloquées.\n\n"
        "Code de retour 3 si l'une est refusée."
    ),
    # keys
    "See, make and rotate the hub's own keys.": "Voir, créer et renouveler les clés du hub.",
    "List signing certificates and key-encryption keys: fingerprints and dates, never a secret.\n\n"
    "Warns of a certificate that ends within 30 days.": (
        "Lister certificats de signature et clés de chiffrement : empreintes et dates, jamais un secret.\n\n"
        "Avertit d'un certificat qui prend fin dans les 30 jours."
    ),
    "Make a signing key, with a self-signed certificate or a request for one.\n\n"
    "Nothing is put to use: name the new files in the keys table, and start the hub anew. Keep the old\n"
    "certificate among the anchors, so that what it sealed still verifies.": (
        "Créer une clé de signature, avec un certificat auto-signé ou une demande de certificat.\n\n"
        "Rien n'est mis en service : désignez les nouveaux fichiers dans la table keys, relancez le hub.\n"
        "Gardez l'ancien certificat parmi les ancres, pour que ce qu'il a scellé se vérifie encore."
    ),
    "The file for the private key; must not exist.": "Le fichier de la clé privée ; ne doit pas exister.",
    "The file for the certificate or the request; must not exist.": (
        "Le fichier du certificat ou de la demande ; ne doit pas exister."
    ),
    "The common name in the certificate.": "Le nom commun dans le certificat.",
    "The organisation in the certificate.": "L'organisation dans le certificat.",
    "Its country, two letters such as FR.": "Son pays, deux lettres comme FR.",
    "A host name to put in; may be repeated.": "Un nom d'hôte à y mettre ; répétable.",
    "How long a self-signed certificate lasts.": "La durée d'un certificat auto-signé, en jours.",
    "Make an ES256 key instead of an Ed25519 one.": "Créer une clé ES256 plutôt qu'Ed25519.",
    "Make a request (PKCS #10) for an authority, no certificate.": (
        "Créer une demande (PKCS #10) pour une autorité, pas de certificat."
    ),
    "Put a new key-encryption key first in the vault; the old ones go on unwrapping.\n\n"
    "A running hub uses the new one from its next start. Make a copy of the vault afterwards.": (
        "Mettre une nouvelle clé de chiffrement en tête du coffre ; les anciennes servent encore à lire.\n\n"
        "Un hub en marche emploie la nouvelle dès son prochain départ. Faites ensuite une copie du coffre."
    ),
}


_TITLES: Final = {
    "COMMANDS_PANEL_TITLE": "Commandes",
    "DEFAULT_STRING": "[défaut : {}]",
    "REQUIRED_LONG_STRING": "[obligatoire]",
}
"""Typer's own fixed strings that are not the same in French, by their names in `typer.rich_utils`."""


def translate(command: Any) -> None:
    """Put a command's help, its options' and its sub-commands' into French; what is unknown stays."""
    command.help = HELP.get(command.help, command.help)
    if command.short_help:
        command.short_help = HELP.get(command.short_help, command.short_help)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = HELP.get(parameter.help, parameter.help)
    _translate_help_option(command)
    for inner in getattr(command, "commands", {}).values():
        translate(inner)


def translate_frame() -> None:
    """Put the titles around help texts into French; imports rich, so only when help is wanted."""
    from typer import rich_utils  # noqa: PLC0415 -- heavy

    for name, text in _TITLES.items():
        setattr(rich_utils, name, text)


def _translate_help_option(command: Any) -> None:
    usual = command.get_help_option

    def get_help_option(context: Any) -> Any:
        option = usual(context)
        if option is not None:
            option.help = HELP.get(option.help, option.help)
        return option

    command.get_help_option = get_help_option
