"""Confines a search to resources: those that a tool's argument names, or all of a grant. A gateway confines it anew."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent_vendors import ResourceKind
from agent_vendors.search_grammar import QualifierGrammar, SearchGrammar, SearchScopeError, SearchTextError
from service_kit.grants import matches

from mcp_kit.caller import Caller
from mcp_kit.errors import Refused, WrongArguments


@dataclass(frozen=True)
class Confined:
    """The search texts that together cover a grant.

    Attributes:
        texts: those to send, one after another.
        scopes: what each text covers; nothing where that is whatever the token sees.
        left_out: the patterns of the grant to which no text can be confined.
    """

    texts: Sequence[str]
    scopes: Sequence[Sequence[str]] = ((),)
    left_out: Sequence[str] = ()


def confine(grammar: SearchGrammar, query: str, names: Sequence[str], *, argument: str) -> str:
    """Return the search text that finds only things of the named resources, or raise WrongArguments.

    `argument` is the tool's that names the resources.
    """
    elsewhere = f"Leave it out: the argument {argument} says where to search."
    try:
        words, chosen = grammar.read(query)
        if outside := set(chosen) - set(names):
            raise SearchScopeError(f"chooses {', '.join(sorted(outside))}")
        return grammar.build(words, names)
    except SearchTextError as error:
        step = elsewhere if isinstance(error, SearchScopeError) else error.remedy or ""
        raise WrongArguments(f"The query {error}; nothing was sent.", next_step=step) from None


def confine_to_grant(grammar: QualifierGrammar, query: str, caller: Caller, kind: ResourceKind) -> Confined:
    """Return the texts that cover what a query chooses, or else all of a caller's grant; a trusted one's is sent as is.

    Each text is as long as the vendor takes it, so that many resources take several.

    Raises:
        WrongArguments: the query could leave the grant.
        Refused: it chooses what the grant does not cover, or the grant has nothing to which a text can be confined.
    """
    if caller.bound is None:
        return Confined([query])
    try:
        words, chosen = grammar.read(query)
        if outside := [name for name in chosen if not caller.may_touch(kind, name)]:
            raise Refused(
                f"The query chooses {', '.join(outside)} outside this caller's grant; nothing was sent.",
                next_step="Leave it out: all of the grant is searched then.",
            )
        granted = chosen or caller.bound.resources.get(kind, [])
        names = [name for name in _distinct(granted, kind) if grammar.can_name(name)]
        left_out = [name for name in granted if not grammar.can_name(name)]
        if not names:
            raise Refused(
                f"This caller's grant names no {kind} to which a search can be confined; nothing was sent.",
                next_step="Choose one by an argument, or in the query.",
            )
        groups = _groups(grammar, words, names)
        return Confined([grammar.build(words, group) for group in groups], groups, left_out)
    except SearchTextError as error:
        step = f"Choose only by {grammar.choice}." if isinstance(error, SearchScopeError) else error.remedy or ""
        raise WrongArguments(f"The query {error}; nothing was sent.", next_step=step) from None


def _distinct(names: Sequence[str], kind: ResourceKind) -> list[str]:
    """Leave out what another name covers, and repeats."""
    unlike = list({kind.fold(name): name for name in names}.values())
    return [name for name in unlike if not any(matches(other, name, kind) for other in unlike if other is not name)]


def _groups(grammar: QualifierGrammar, words: str, names: Sequence[str]) -> list[list[str]]:
    """Divide names into groups, each as large as a text can hold."""
    groups: list[list[str]] = [[]]
    for name in names:
        if groups[-1] and len(grammar.build(words, [*groups[-1], name])) > grammar.longest:
            groups.append([])
        groups[-1].append(name)
    return groups
