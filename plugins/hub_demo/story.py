"""The story, act by act. Every sentence with a tick was checked just before it was printed."""

from __future__ import annotations

import re
import shutil
import smtplib
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from hub.errors import Words
from hub_demo import papers, prescribing, smime
from hub_demo.processes import failed, until
from hub_demo.show import Show
from hub_demo.world import HOSPITAL, PRACTICE, World

DOCTOR: Final = "dr.camille.martin@valbrume.mssante.example"
"""A city doctor whose certificate the directory holds."""
COLLEAGUE: Final = "dr.elodie.aubepine@valbrume.mssante.example"
"""Another one, without a certificate."""
NURSE: Final = "agathe.beaulieu@valbrume.mssante.example"
NURSE_ID: Final = "899900000243"
TODAY: Final = "202608260512"
TOMORROW: Final = "202608270455"
"""When the sample was made, and the day after."""
STRUCK_OFF: Final = "dr.gaspard.corvaisier@valbrume.mssante.example"
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def tell(folder: Path, show: Show) -> None:
    """Play every act in `folder`, which must not exist. Raises PeerError when something does not hold."""
    show.title(Words(en="A hub from nothing", fr="Un hub à partir de rien"))
    with show.working(
        Words(en="making keys, certificates, configuration", fr="clés, certificats, configuration")
    ):
        world = World.create(folder, DOCTOR, language=show.language)
    show.done(Words(en=f"configured in {folder}", fr=f"configuré dans {folder}"))
    try:
        Story(world, show).tell()
    finally:
        world.close()


class Story:
    """The acts, in order."""

    def __init__(self, world: World, show: Show) -> None:
        self._world = world
        self._show = show
        self._sent = 0
        self._told: list[str] = []

    def tell(self) -> None:
        """Play them."""
        self._import_directory()
        self._start()
        self._report()
        self._letter()
        self._described()
        self._told.append(prescribing.play(self._world, self._show))
        self._find()
        self._struck_off()
        self._outage()
        self._next_day()
        self._look_back()

    def _import_directory(self) -> None:
        sample = sorted(Path(str(files("hub_demo") / "annuaire")).glob("*.txt"))
        with self._show.working(Words(en="importing the directory", fr="import de l'annuaire")):
            loaded = self._world.json("directory", "import", *map(str, sample), language=self._show.language)
        count = loaded["mailboxes"]
        self._show.done(
            Words(
                en=f"a sample of the national directory: {count} mailboxes, all of them invented",
                fr=f"un extrait de l'annuaire national : {count} boîtes, toutes inventées",
            )
        )

    def _start(self) -> None:
        with self._show.working(
            Words(
                en="starting operators, a prescription service and the hub",
                fr="démarrage des opérateurs, d'un service de prescription et du hub",
            )
        ):
            self._world.hautmont.start()
            self._world.valbrume.start()
            self._world.courrier.start()
            self._world.rezept.start()
            self._world.start_hub()
        self._show.done(
            Words(
                en="two operators by SMTP, one by its HTTP API, a prescription service and the hub run",
                fr="deux opérateurs en SMTP, un par API HTTP, un service de prescription et le hub tournent",
            )
        )

    def _report(self) -> None:
        self._show.title(Words(en="A report from the hospital", fr="Un compte rendu de l'hôpital"))
        self._told.append(self._mail([DOCTOR, COLLEAGUE], "Compte rendu d'hospitalisation"))
        sealed, plain = self._arrived(DOCTOR, 1), self._arrived(COLLEAGUE, 1)
        self._show.done(
            Words(
                en="CDA R2 in an IHE XDM zip, signed by the hospital: arrived at both city doctors",
                fr="CDA R2 dans un zip IHE XDM, signé par l'hôpital : arrivé chez les deux médecins",
            )
        )
        if not smime.is_encrypted(sealed):
            raise failed("the mail is not encrypted", "le courriel n'est pas chiffré")
        self._show.done(
            Words(
                en="encrypted for the one whose certificate the directory holds",
                fr="chiffré pour celui dont l'annuaire connaît le certificat",
            )
        )
        if not smime.available():
            self._show.say(
                Words(
                    en="  (openssl is not here to check more)", fr="  (openssl manque pour en vérifier plus)"
                )
            )
            return
        anchor = self._world.authority.file
        for mail in (smime.decrypt(sealed, self._world.doctor), plain):
            smime.verify(smime.verify(mail, anchor), anchor)
        self._show.done(
            Words(
                en="openssl verifies the hub's signature, and inside it the hospital's own",
                fr="openssl vérifie la signature du hub et, à l'intérieur, celle de l'hôpital",
            )
        )

    def _letter(self) -> None:
        self._show.title(Words(en="A letter from practice software", fr="Un courrier du logiciel de cabinet"))
        pdf = self._world.folder / "courrier.pdf"
        pdf.write_bytes(
            papers.letter(["Cher confrère,", "", "Merci de recevoir ma patiente.", "", "C. Lilas"])
        )
        answer = self._world.json(
            "send",
            *("--url", self._world.api, "--token-file", str(self._world.folder / "token")),
            *("--from", PRACTICE, "--to", HOSPITAL, "--subject", "Demande d'avis"),
            *("--text", "Courrier ci-joint.", "--attach", str(pdf), "--wait"),
            language=self._show.language,
        )
        self._told.append(answer["id"])
        (mail,) = self._world.hautmont.mails(HOSPITAL)
        if b"application/pdf" not in mail.read_bytes():
            raise failed("the PDF is not in the mail", "le PDF n'est pas dans le courriel")
        self._show.done(
            Words(
                en="sent with its PDF by the HTTP API, arrived by SMTP at the hospital",
                fr="envoyé avec son PDF par l'API HTTP, arrivé par SMTP à l'hôpital",
            )
        )

    def _described(self) -> None:
        self._show.title(Words(en="An operator that has no SMTP", fr="Un opérateur qui ne parle pas SMTP"))
        self._show.say(
            Words(
                en="  one TOML file describes its HTTP API: courrier/courrier.toml",
                fr="  un fichier TOML décrit son API HTTP : courrier/courrier.toml",
            )
        )
        self._world.courrier.lose_an_answer()
        message = self._mail([PRACTICE], "Réponse à votre demande d'avis")
        self._told.append(message)
        with self._show.working(Words(en="its answer is lost", fr="sa réponse se perd")):
            until(
                lambda: "delivered" in self._traced(message),
                "the message was not delivered",
                "le message n'a pas été remis",
            )
        if "uncertain" not in self._traced(message):
            raise failed("no answer was lost", "aucune réponse ne s'est perdue")
        held = self._world.courrier.messages()
        if [one["to"] for one in held] != [PRACTICE] or not held[0]["documents"]:
            raise failed(f"it holds {len(held)} messages", f"il en détient {len(held)}")
        self._show.done(
            Words(
                en="the operator's first answer was lost: sent again under the same key, it is there once",
                fr="première réponse perdue : renvoyé sous la même clé, le message y est une seule fois",
            )
        )

    def _find(self) -> None:
        self._show.title(Words(en="Finding a colleague", fr="Trouver un confrère"))
        self._shown("directory", "search", "lilas", "generaliste")
        mistyped = COLLEAGUE.replace("aubepine", "aubepin")
        answer = self._world.ask(f"/v1/directory/{mistyped}", status=404)
        if answer.get("suggestions") != [COLLEAGUE]:
            raise failed(f"no suggestion for {mistyped}", f"pas de suggestion pour {mistyped}")
        self._show.done(
            Words(
                en=f"{mistyped} is mistyped, and the API suggests {COLLEAGUE}",
                fr=f"{mistyped} est mal saisi, et l'API propose {COLLEAGUE}",
            )
        )

    def _struck_off(self) -> None:
        self._show.title(Words(en="A doctor who was struck off", fr="Un médecin radié"))
        self._told.append(self._mail([STRUCK_OFF, COLLEAGUE], "Résultats", refused=STRUCK_OFF))
        self._arrived(COLLEAGUE, 2)
        if self._world.valbrume.mails(STRUCK_OFF):
            raise failed("he got the mail", "il a reçu le courriel")
        self._show.done(
            Words(
                en="nothing was sent to him, and the other recipient got his",
                fr="rien ne lui est parvenu, et l'autre destinataire a reçu le sien",
            )
        )

    def _outage(self) -> None:
        self._show.title(Words(en="An operator that is down", fr="Un opérateur en panne"))
        self._world.valbrume.stop()
        message = self._mail([COLLEAGUE], "Complément")
        self._told.append(message)

        def waits() -> bool:
            waiting = self._world.json("queue", "list", language=self._show.language)
            return any(one["envelope"] == message and one["attempts"] for one in waiting["deliveries"])

        with self._show.working(Words(en="the hub tries", fr="le hub essaie")):
            until(waits, "the message does not wait", "le message n'attend pas")
        self._show.done(Words(en="the message waits in the queue", fr="le message attend dans la file"))
        self._world.valbrume.start()
        with self._show.working(Words(en="the operator is back", fr="l'opérateur est de retour")):
            self._arrived(COLLEAGUE, 3)
            until(
                lambda: "delivered" in self._traced(message),
                "no outcome",
                "pas d'issue",
            )
        if len(self._world.valbrume.mails(COLLEAGUE)) != 3:  # noqa: PLR2004 -- one an act so far
            raise failed("it arrived twice", "il est arrivé deux fois")
        self._show.done(Words(en="it arrived once", fr="il est arrivé une fois"))

    def _next_day(self) -> None:
        self._show.title(Words(en="Struck off while a letter waits", fr="Radiée entre-temps"))
        self._world.valbrume.stop()
        message = self._mail([NURSE], "Ordonnance de soins")
        self._told.append(message)
        loaded = self._world.json(
            "directory", "import", *map(str, self._tomorrow()), language=self._show.language
        )
        # A running hub takes the new version within seconds; the letter is tried once it has.
        until(
            lambda: self._world.ask(f"/v1/directory/{NURSE}")["standing"] == "struck-off",
            "the hub did not take the new directory",
            "le hub n'a pas pris le nouvel annuaire",
        )
        self._world.valbrume.start()

        with self._show.working(
            Words(en="the hub asks the directory again", fr="le hub redemande à l'annuaire")
        ):
            until(
                lambda: "recipient.struck-off" in self._traced(message),
                "the letter was not refused",
                "le courrier n'a pas été refusé",
            )
            until(
                lambda: len(self._world.hautmont.mails(HOSPITAL)) > 1,
                "the sender got no notice",
                "l'expéditeur n'a pas reçu d'avis",
            )
        if self._world.valbrume.mails(NURSE):
            raise failed("she got the mail", "elle a reçu le courriel")
        self._show.done(
            Words(
                en=f"by {loaded['version']} nothing was sent to her; the hospital's mailbox got a notice",
                fr=f"selon {loaded['version']} rien ne lui est parvenu ; l'hôpital a reçu un avis",
            )
        )

    def _traced(self, message: str) -> str:
        return self._world.run("trace", message, language=self._show.language)

    def _tomorrow(self) -> Sequence[Path]:
        """Write the next day's extraction: the same, and one more who was struck off."""
        folder = self._world.folder / "tomorrow"
        folder.mkdir()
        made = []
        for old in sorted(Path(str(files("hub_demo") / "annuaire")).glob(f"*_{TODAY}.txt")):
            made.append(folder / old.name.replace(TODAY, TOMORROW))
            text = old.read_text("utf-8")
            said = f"{NURSE_ID}|radié|2026-08-26\n" if old.name.startswith("Etat_Exercice") else ""
            made[-1].write_text(text + said, "utf-8")
        return made

    def _look_back(self) -> None:
        self._show.title(Words(en="What the hub can show for it", fr="Ce que le hub peut en montrer"))
        for message in self._told:
            self._shown("trace", message)
        envelope = self._world.folder / "envelope.jws"
        request = urllib.request.Request(  # noqa: S310 -- http to ourselves
            f"{self._world.api}/v1/messages/{self._told[1]}/envelope",
            headers={"Authorization": f"Bearer {self._world.token()}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- the same
            envelope.write_bytes(answer.read())
        self._shown("verify", str(envelope))
        changed = self._world.folder / "changed.jws"
        data = bytearray(envelope.read_bytes())
        data[40] ^= 1
        changed.write_bytes(data)
        if self._shown("verify", str(changed)) == 0:
            raise failed("a changed envelope was accepted", "une enveloppe modifiée est acceptée")
        self._show.done(
            Words(en="one changed bit, and it is refused", fr="un seul bit modifié, et elle est refusée")
        )
        path = self._world.folder
        # `make demo` leaves nothing on the PATH.
        program = "hub" if shutil.which("hub") else sys.argv[0]
        check = f"{program} --config {path}/hub.toml check"
        self._show.console.print()
        self._show.say(
            Words(
                en=f"Next: read {path}/hub.toml, then try: {check}",
                fr=f"Ensuite : lisez {path}/hub.toml, puis essayez : {check}",
            )
        )

    def _shown(self, *arguments: str) -> int:
        """Run a `hub` command for the user to see."""
        self._show.console.print(f"[dim]$ hub {' '.join(arguments)}[/]", highlight=False)
        sys.stdout.flush()
        command = [sys.executable, "-m", "hub", "--config", str(self._world.folder / "hub.toml"), *arguments]
        return subprocess.run(command, check=False).returncode  # noqa: S603 -- our own program

    def _mail(self, recipients: Sequence[str], subject: str, refused: str | None = None) -> str:
        """Send by SMTP as the hospital's operator; returns the envelope's id, which the hub answers."""
        self._sent += 1
        mail = papers.report_mail(self._world.hospital, HOSPITAL, recipients, subject, self._sent)
        tls = self._world.folder / "tls"
        context = ssl.create_default_context(cafile=str(self._world.authority.file))
        context.check_hostname = (
            False  # the name is the hub's, the address is loopback; the chain is verified
        )
        host = self._world.hautmont.host
        context.load_cert_chain(tls / f"{host}.pem", tls / f"{host}.key")
        with smtplib.SMTP("127.0.0.1", self._world.smtp_port, local_hostname=host, timeout=30) as session:
            session.starttls(context=context)
            session.ehlo()
            session.mail(HOSPITAL)
            for recipient in recipients:
                code, said = session.rcpt(recipient)
                if (code >= 500) is not (recipient == refused):  # noqa: PLR2004 -- RFC 5321, 4.2.1
                    raise failed(f"RCPT: {code} {said.decode()}", f"RCPT : {code} {said.decode()}")
                if recipient == refused:
                    answer = f"{code} {said.decode('utf-8', 'replace')}"
                    self._show.done(Words(en=f"refused by name: {answer}", fr=f"refusé nommément : {answer}"))
            code, said = session.data(mail)
        found = _ID.search(said.decode())
        if code != 250 or found is None:  # noqa: PLR2004 -- RFC 5321, 4.2.1
            raise failed(f"DATA: {code} {said.decode()}", f"DATA : {code} {said.decode()}")
        return found[0]

    def _arrived(self, mailbox: str, count: int) -> Path:
        """Wait until a mailbox holds so many mails; returns the last."""
        until(
            lambda: len(self._world.valbrume.mails(mailbox)) >= count,
            f"nothing arrived at {mailbox}",
            f"rien n'est arrivé chez {mailbox}",
        )
        return self._world.valbrume.mails(mailbox)[count - 1]
