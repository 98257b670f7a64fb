"""How many slips lie between two words: a sign too many, too few, another one, or two exchanged."""

from __future__ import annotations


def within(one: str, other: str, most: int) -> int | None:
    """Return the Damerau–Levenshtein distance (optimal string alignment), None above `most`."""
    if abs(len(one) - len(other)) > most:
        return None
    if one == other:
        return 0
    beyond = most + 1
    before: list[int] = []
    last = [min(place, beyond) for place in range(len(other) + 1)]
    for row, sign in enumerate(one, 1):
        line = [beyond] * (len(other) + 1)
        line[0] = min(row, beyond)
        for column in range(max(1, row - most), min(len(other), row + most) + 1):
            same = sign == other[column - 1]
            cost = min(last[column] + 1, line[column - 1] + 1, last[column - 1] + (not same))
            if row > 1 and column > 1 and sign == other[column - 2] and one[row - 2] == other[column - 1]:
                cost = min(cost, before[column - 2] + 1)
            line[column] = min(cost, beyond)
        if min(line) > most:
            return None
        before, last = last, line
    return last[-1] if last[-1] <= most else None
