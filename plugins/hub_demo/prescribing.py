"""The act of the prescription: issued once though an answer is lost, handed over, dispensed, told."""

from __future__ import annotations

import json
from typing import Any, Final

from hub.errors import Words
from hub_demo.processes import failed, until
from hub_demo.show import Show
from hub_demo.world import PRACTICE, World

PHARMACIST: Final = "victor.bruyere@valbrume.mssante.example"


def play(world: World, show: Show) -> str:
    """Play it; returns the order's envelope. Raises PeerError when something does not hold."""
    show.title(Words(en="A prescription", fr="Une ordonnance"))
    show.say(
        Words(
            en="  issued at an E-Rezept service, whose interface is public: `hub prescription simulate`",
            fr="  émise auprès d'un service E-Rezept, dont l'interface est publique :"
            " `hub prescription simulate`",
        )
    )
    order = _issue(world, show)
    _hand_over(world, show, order)
    _dispense(world, show, order)
    return str(order["id"])


def _issue(world: World, show: Show) -> Any:
    file = world.folder / "ordonnance.xml"
    file.write_bytes(world.rezept.prescription())
    world.rezept.commit("activate", "lost")
    with show.working(Words(en="the service's answer is lost", fr="la réponse du service se perd")):
        order = _hub(
            world,
            show,
            *("issue", str(file), "--from", PRACTICE, "--service", "erezept"),
            *("--to", PHARMACIST, "--language", show.language, "--key", "ordonnance-1"),
        )
        until(
            lambda: _hub(world, show, "status", order["id"])["state"] == "active",
            "the prescription was not issued",
            "l'ordonnance n'a pas été émise",
        )
    order = _hub(world, show, "status", order["id"])
    if world.rezept.counts()["issued"] != 1 or not order["number"]:
        raise failed("it was issued twice", "elle a été émise deux fois")
    show.done(
        Words(
            en=f"signed by the prescriber, issued once although an answer was lost: number {order['number']}",
            fr=f"signée par le prescripteur, émise une fois malgré une réponse perdue : nº {order['number']}",
        )
    )
    return order


def _hand_over(world: World, show: Show, order: Any) -> None:
    sheet = world.folder / "ordonnance.pdf"
    if not sheet.exists():
        world.run(*("prescription", "print", order["id"], str(sheet)), *_door(world), language=show.language)
    until(
        lambda: bool(world.valbrume.mails(PHARMACIST)),
        "the pharmacist got no mail",
        "le pharmacien n'a pas reçu de courriel",
    )
    if f"Task/{order['number']}".encode() not in world.valbrume.mails(PHARMACIST)[0].read_bytes():
        raise failed("the token is not in the mail", "le jeton n'est pas dans le courriel")
    show.done(
        Words(
            en=f"the pharmacist has its token by secure mail, the patient a sheet with the 2D code: {sheet}",
            fr="le pharmacien a son jeton par messagerie sécurisée,"
            f" le patient la feuille et son code 2D : {sheet}",
        )
    )


def _dispense(world: World, show: Show, order: Any) -> None:
    with show.working(Words(en="the pharmacy dispenses", fr="la pharmacie délivre")):
        for deed in ("claim", "close"):
            world.rezept.pharmacy(deed, order["number"])
        until(
            lambda: any(one.get("answers") == order["id"] for one in world.courrier.messages()),
            "the prescriber was not told",
            "le prescripteur n'a pas été averti",
        )
    show.done(
        Words(
            en="dispensed: the prescriber's mailbox has word of it, in the same thread",
            fr="délivrée : la boîte du prescripteur en est avertie, dans le même fil",
        )
    )


def _hub(world: World, show: Show, *arguments: str) -> Any:
    said = world.run("prescription", *arguments, *_door(world), "--json", language=show.language)
    return json.loads(said)


def _door(world: World) -> tuple[str, ...]:
    return ("--url", world.api, "--token-file", str(world.folder / "token"))
