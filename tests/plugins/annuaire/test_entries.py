"""What an entry says, and from which file it has it; people are found by more than their address."""

from __future__ import annotations

import pytest

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.domain.target import Description
from hub.ports.directory import Coded, MailboxKind, Standing
from hub.ports.looking import Describes, Recalls, Searches, Suggests
from tests import build_annuaire as sample
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import ACTIVITY, MAILBOXES, Place

DUNOIS = "dr.prosper.dunois@valbrume.mssante.example"
SKILLS = f"PS_LibreAcces_SavoirFaire_{sample.TODAY}.txt"
DIPLOMAS = f"PS_LibreAcces_Dipl_AutExerc_{sample.TODAY}.txt"
SKILL_COLUMNS = (
    "Type d'identifiant PP|Identifiant PP|Identification nationale PP|Nom d'exercice|Prénom d'exercice|"
    "Code profession|Libellé profession|Code catégorie professionnelle|Libellé catégorie professionnelle|"
    "Code type savoir-faire|Libellé type savoir-faire|Code savoir-faire|Libellé savoir-faire"
)
DIPLOMA_COLUMNS = (
    "Type d'identifiant PP|Identifiant PP|Identification nationale PP|Nom d'exercice|Prénom d'exercice|"
    "Code type diplôme obtenu|Libellé type diplôme obtenu|Code diplôme obtenu|Libellé diplôme obtenu|"
    "Code type autorisation|Libellé type autorisation|Code discipline autorisation|"
    "Libellé discipline autorisation"
)


def companions(place: Place, serial: int = 36) -> None:
    """Write both companions of the activity file, with one line each."""
    number = sample.rpps(serial)
    who = f"8|{number}|8{number}|DUNOIS|Prosper"
    place.path(SKILLS).write_text(
        f"{SKILL_COLUMNS}\n{who}|10|Médecin|C|Civil|CAPA|Capacité|C12|Allergologie\n", "utf-8"
    )
    place.path(DIPLOMAS).write_text(
        f"{DIPLOMA_COLUMNS}\n{who}|DE|Diplôme d'État|D7|Docteur en médecine|A|Autorisation|SM1|Angiologie\n",
        "utf-8",
    )


async def test_a_personal_mailbox_says_who_and_where(place: Place) -> None:
    """Profession, specialty, structure and town, as a sender needs them to know the right person."""
    place.load()
    entry = await place.look_up(places.MARTIN)
    assert entry is not None
    assert entry.mailbox is MailboxKind.PERSONAL
    assert entry.profession == Coded("10", "Médecin")
    assert entry.specialties == (Coded("SM54", "Médecine Générale"),)
    assert (entry.structure, entry.town, entry.service) == ("CABINET DE LA PLACE", "VALBRUME", "")
    assert entry.answers_for == ""


@pytest.mark.parametrize(
    ("address", "kind", "answers"),
    [
        (places.REPORTS, MailboxKind.ORGANISATIONAL, "CENTRE HOSPITALIER DE HAUTMONT (FINESS 990000017)"),
        (
            "dpi@ch-hautmont.mssante.example",
            MailboxKind.APPLICATION,
            "CENTRE HOSPITALIER DE HAUTMONT (FINESS 990000017)",
        ),
        (
            "cabinet@cabinet-lilas.mssante.example",
            MailboxKind.PRACTICE,
            "CABINET MEDICAL DES LILAS (SIRET 99900000100017)",
        ),
    ],
)
async def test_somebody_answers_for_a_shared_mailbox(
    address: str, kind: MailboxKind, answers: str, place: Place
) -> None:
    """The structure, by its name and number."""
    place.load()
    entry = await place.look_up(address)
    assert entry is not None
    assert (entry.mailbox, entry.answers_for) == (kind, answers)


async def test_without_a_structure_its_doctors_answer_for_a_practice(place: Place) -> None:
    """By name; where nobody is known the entry says nothing."""
    columns = ("Raison Sociale structure BAL", "Type identifiant structure", "Identification Structure")
    for line in (10, 11, 12):
        for column in columns:
            place.edit_field(MAILBOXES, line, column, "")
    for column in (*columns, "Service de rattachement"):
        place.edit_field(MAILBOXES, 2, column, "")
    place.load()
    practice = await place.look_up("cabinet@cabinet-lilas.mssante.example")
    assert practice is not None
    assert practice.answers_for == "Dr Camille LILAS, Dr Léon LILAS, Dr Blanche SÉVERAC"
    nobodys = await place.look_up(places.REPORTS)
    assert nobodys is not None
    assert nobodys.answers_for == ""


@pytest.mark.parametrize(
    ("last_line", "town"),
    [
        ("99200 VALBRUME CEDEX 09", "VALBRUME"),
        ("99200 SAINT-AUBIN CEDEX", "SAINT-AUBIN"),
        ("VALBRUME", "VALBRUME"),
        ("", ""),
    ],
)
async def test_a_town_is_read_from_the_last_line(last_line: str, town: str, place: Place) -> None:
    """Without its postcode and without CEDEX."""
    place.edit_field(MAILBOXES, 2, "L6LIGNEACHEMINEMENT structure BAL", last_line)
    place.load()
    entry = await place.look_up(places.REPORTS)
    assert entry is not None
    assert entry.town == town


async def test_activities_are_known_for_who_has_no_mailbox(place: Place) -> None:
    """Each place of work with profession, mode and the identifiers of the structure."""
    place.edit(
        MAILBOXES,
        lambda text: "".join(f"{one}\n" for one in text.split("\n")[:-1] if "grandchamp" not in one),
    )
    place.load()
    number = sample.rpps(16)
    found = await place.directory().professional(Identifier(RPPS, number))
    assert found is not None
    assert (found.identifier, found.name) == (f"8{number}", "Pr Solène GRANDCHAMP")
    assert found.standing.standing is Standing.ACTIVE
    assert found.specialties == (Coded("SM05", "Chirurgie générale"),)
    assert [(one.mode, one.structures) for one in found.activities] == [
        (Coded("S", "Salarié"), ("1990000017", "TR990000017")),
        (Coded("S", "Salarié"), ("1990000025", "TR990000025")),
    ]
    assert await place.directory().professional(Identifier(RPPS, sample.rpps(999))) is None
    assert await place.directory().professional(Identifier(FINESS, "990000017")) is None


async def test_the_companions_tell_skills_and_diplomas(place: Place) -> None:
    """They count as specialties, and stay known when a later import comes without them."""
    companions(place)
    place.load()
    expected = (
        Coded("SM54", "Médecine Générale"),
        Coded("C12", "Allergologie"),
        Coded("D7", "Docteur en médecine"),
        Coded("SM1", "Angiologie"),
    )
    for _ in range(2):
        entry = await place.look_up(DUNOIS)
        assert entry is not None
        assert entry.specialties == expected
        found = await place.directory().by_description(
            Description(name="Dunois", specialty="Allergologie"), 5
        )
        assert found == (entry,)
        place.load(place.extractions)
    text = place.path(SKILLS).read_text("utf-8").split("\n")[0]
    place.path(SKILLS).write_text(f"{text}\n", "utf-8")
    place.load()
    entry = await place.look_up(DUNOIS)
    assert entry is not None
    assert Coded("C12", "Allergologie") not in entry.specialties
    changes = await place.directory().changes(entry.identifiers[0])
    assert [(one.what, one.detail) for one in changes] == [
        ("skill-lost", "Allergologie"),
        ("mailbox-changed", DUNOIS),
    ]


async def test_everybody_can_be_looked_for(place: Place) -> None:
    """As one types, by description, and by an address with a slip of the pen."""
    place.load()
    directory = place.directory()
    for ability in (Searches, Suggests, Describes, Recalls):
        assert isinstance(directory, ability)
    found = await directory.search("solene chir haut", 5)
    assert [str(one.address) for one in found] == ["pr.solene.grandchamp@ch-hautmont.mssante.example"]
    found = await directory.by_description(Description(name="Solène Grandchamp"), 5)
    assert len(found) == 1
    near = await directory.near(Address.parse("dr.camile.martin@valbrume.mssante.example"))
    assert near == (Address.parse(places.MARTIN),)


async def test_who_may_not_practise_is_not_offered(place: Place) -> None:
    """Neither somebody struck off nor somebody unknown comes up in a search."""
    place.load()
    directory = place.directory()
    assert await directory.search("corvaisier", 5) == ()
    assert await directory.search("vauquelin", 5) == ()
    assert await directory.search("martin", 5) != ()


async def test_the_search_follows_an_import(place: Place) -> None:
    """Who is struck off goes, who moves is found at the new place, who comes is found."""
    place.load(place.earlier)
    assert await place.directory().search("vauquelin", 5) != ()
    place.edit_field(MAILBOXES, 2, "L6LIGNEACHEMINEMENT structure BAL", "99300 COMBEVERTE")
    place.edit_field(MAILBOXES, 16, "Nom d'exercice", "QUATREFAGES")
    place.load()
    directory = place.directory()
    assert await directory.search("vauquelin", 5) == ()
    assert [str(one.address) for one in await directory.search("combeverte", 5)] == [places.REPORTS]
    assert len(await directory.search("quatrefages", 5)) == 1


async def test_a_change_that_says_nothing_is_none(place: Place) -> None:
    """A new telephone number of the place of work changes the line, and nothing that is kept."""
    place.load(place.earlier)
    place.load()
    place.edit_field(ACTIVITY, 5, "Téléphone (coord. structure)", "0399000000")
    changes = place.load().changes
    assert changes is not None
    assert (changes.changed, changes.less, changes.mailboxes_changed) == (0, 0, 0)
