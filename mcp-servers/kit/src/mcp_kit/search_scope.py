"""Confines a search to the resources that a tool's argument names. A gateway confines it again by itself."""

from collections.abc import Sequence

from agent_vendors.search_grammar import SearchGrammar, SearchScopeError, SearchTextError

from mcp_kit.errors import WrongArguments


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
