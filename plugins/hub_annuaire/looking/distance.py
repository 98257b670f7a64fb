"""How many slips lie between two words: a sign too many, too few, another one, or two exchanged."""

from __future__ import annotations


def within(one: str, other: str, most: int) -> int | None:
    """Return the Damerau–Levenshtein distance (optimal string alignment), None above `most`."""
    if one == other:
        return 0
    begin, end, end_other = 0, len(one), len(other)
    if abs(end - end_other) > most:
        return None
    while begin < end and begin < end_other and one[begin] == other[begin]:
        begin += 1
    while end > begin and end_other > begin and one[end - 1] == other[end_other - 1]:
        end -= 1
        end_other -= 1
    one, other = one[begin:end], other[begin:end_other]
    if min(len(one), len(other)) == 0:
        return len(one) + len(other)
    if most == 1:
        return 1 if len(one) == len(other) == 1 or (one == other[::-1] and len(one) == 2) else None  # noqa: PLR2004 - two exchanged
    return _distance(one, other, most)


def _distance(one: str, other: str, most: int) -> int | None:
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, sign in enumerate(one, 1):
        line = [row]
        for column, there in enumerate(other, 1):
            cost = last[column - 1] + (sign != there)
            cost = min(cost, last[column] + 1, line[-1] + 1)
            if row > 1 and column > 1 and sign == other[column - 2] and one[row - 2] == there:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return None
        before, last = last, line
    return last[-1] if last[-1] <= most else None
