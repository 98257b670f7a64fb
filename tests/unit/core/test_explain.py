"""Why somebody is found or not, directory by directory."""

from __future__ import annotations

from hub.core.explain import Explanation, explain
from hub.core.people import People
from hub.core.register import Register
from hub.core.trust import Trust
from hub.domain.target import read_target
from hub.testing.fakes import FixedClock, TinyDirectory, entry
from tests.unit.core.test_people import Listing
from tests.unit.core.test_trust import Space, down
from tests.unit.core.world import MARTIN, MARTIN_RPPS, NOBODY, PETIT, operators


async def explained(text: str, *directories: TinyDirectory, space: Space | None = None) -> Explanation:
    """Explain, with the world's operators."""
    named = [(f"d{number}", one) for number, one in enumerate(directories, 1)]
    register = Register(
        directory=People([one for _, one in named]),
        operators=operators(),
        trust=Trust([space] if space else []),
    )
    return await explain(read_target(text), named, register, FixedClock(), spaces=space is not None)


async def test_the_first_that_knows_ends_the_asking() -> None:
    """Each that was asked shows what it said, from which version; the later ones were not."""
    said = await explained(MARTIN, TinyDirectory(), Listing(entry(MARTIN)), Listing())
    first, second, third = said.answers
    assert (first.asked, first.entries, first.version) == (True, (), None)
    assert [str(one.address) for one in second.entries] == [MARTIN]
    assert (second.version, second.spent) == ("listing 1", 0.0)
    assert not third.asked
    assert (said.reachable, said.operator, said.admission_asked) == (True, "ville", False)


async def test_one_that_is_down_is_named_with_its_words() -> None:
    """The verdict is what a sender would be told."""
    broken = TinyDirectory()
    broken.available = False
    said = await explained(NOBODY, broken, TinyDirectory())
    assert said.answers[0].error is not None
    assert not said.reachable
    assert said.verdict == said.answers[0].error


async def test_an_unknown_address_has_suggestions() -> None:
    """And the verdict repeats them."""
    said = await explained(NOBODY, Listing(entry(PETIT)))
    assert [str(one) for one in said.suggestions] == [PETIT]
    assert PETIT in said.verdict.fr


async def test_the_space_of_trust_is_asked_about_whoever_came_out() -> None:
    """Admitted, refused, or not to be asked now."""
    list_ = Space("ville.example")
    by_number = f"rpps:{MARTIN_RPPS.value[1:]}"
    said = await explained(by_number, TinyDirectory(entry(MARTIN, identifiers=[MARTIN_RPPS])), space=list_)
    assert said.admission is not None
    assert said.reachable
    list_.domains.clear()
    outside = await explained(MARTIN, TinyDirectory(entry(MARTIN)), space=list_)
    assert (outside.admission_asked, outside.admission, outside.admission_error) == (True, None, None)
    assert "space of trust" in outside.verdict.en
    list_.fault = down()
    assert (await explained(MARTIN, TinyDirectory(entry(MARTIN)), space=list_)).admission_error is not None


async def test_a_description_is_asked_of_all_who_can() -> None:
    """One that can't be asked so says that it was not."""
    said = await explained("Petit", TinyDirectory(), Listing(entry(PETIT, name="Dr Petit")), Listing())
    assert [one.asked for one in said.answers] == [False, True, True]
    assert said.reachable
