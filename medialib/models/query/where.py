"""The one place where a tree of conditions becomes SQL: condition_of, which decides, and hints_of, which help.

A condition looks at the row and alone decides. It is written so that no index is used for it and a list can walk along
the index of its order undisturbed. What indexes know of a filter only helps to find the rows: see Hint.
"""

from __future__ import annotations

from django.db.models import Q

from medialib.models.query.fields import FIELDS
from medialib.models.query.hints import Hint
from medialib.models.query.tree import And, Condition, Node, Not, Or

ALWAYS = And(())


def condition_of(node: Node, *, transform: str = "__unindexed", is_negated: bool = False) -> Q:
    """What must hold in a row. With an empty `transform` the database may use any index for it.

    NOT goes down to the single conditions, each of which knows of what rows it is false: of an unknown time nothing is.
    """
    if isinstance(node, Not):
        return condition_of(node.part, transform=transform, is_negated=not is_negated)
    if isinstance(node, Condition):
        field = FIELDS[node.field]
        return field.condition_of_not(node, transform) if is_negated else field.condition(node, transform)
    joined = Q()
    for part in node.parts:
        one = condition_of(part, transform=transform, is_negated=is_negated)
        joined = joined | one if isinstance(node, Or) != is_negated else joined & one
    return joined


def hints_of(node: Node, alias: str = "default") -> list[Hint]:
    """What indexes know of the filter: each hint alone holds for every row that matches."""
    if isinstance(node, And):
        ranges = [hint for hint in [_both_ends(node)] if hint]
        return ranges + [hint for part in node.parts for hint in hints_of(part, alias)]
    if isinstance(node, Or) and _is_one_list(node):
        return [Hint(condition_of(node, transform=""), is_exact=True)]
    if isinstance(node, Or):
        hints = [hints_of(part, alias)[:1] for part in node.parts]
        return [Hint(any_of=tuple(hint[0] for hint in hints))] if all(hints) else []
    if isinstance(node, Not):
        part = node.part
        return FIELDS[part.field].hints_of_not(part, alias) if isinstance(part, Condition) else []
    return FIELDS[node.field].hints(node, alias)


def _is_one_list(node: Or) -> bool:
    fields = {part.field if isinstance(part, Condition) and part.value else "" for part in node.parts}
    return len(fields) == 1 and all(field and FIELDS[field].is_list_indexed for field in fields)


def _both_ends(node: And) -> Hint | None:
    """From and until of one column together: a range is often short where neither of its ends is rare."""
    by_column: dict[str, list[Condition]] = {}
    for part in node.parts:
        if isinstance(part, Condition) and FIELDS[part.field].is_range:
            by_column.setdefault(FIELDS[part.field].column, []).append(part)
    column, parts = max(by_column.items(), key=lambda item: len(item[1]), default=("", []))
    return Hint(condition_of(And(tuple(parts)), transform=""), order=column) if len(parts) > 1 else None
