"""What tokens cost, in US dollars: the list price of the dialect, or the operator's own figures."""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from service_kit.errors import ConfigError

from model_api.tokens import Tokens

ListPrice = Callable[[str, Tokens], Decimal]
MILLION = Decimal(1_000_000)
Dollars = Annotated[Decimal, Field(ge=0)]


class Price(BaseModel):
    """US dollars per million tokens; what caching costs follows from `input` where it is not given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Dollars
    output: Dollars
    cache_read: Dollars | None = None
    cache_write: Dollars | None = None
    cache_write_1h: Dollars | None = None

    def cost(self, tokens: Tokens) -> Decimal:
        """Return the price of tokens."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input * Decimal("1.25") if self.cache_write is None else self.cache_write
        hour = self.input * 2 if self.cache_write_1h is None else self.cache_write_1h
        total = (
            tokens.input * self.input
            + tokens.output * self.output
            + tokens.cache_read * read
            + (tokens.cache_write - tokens.cache_write_1h) * write
            + tokens.cache_write_1h * hour
        )
        return total / MILLION


class Prices:
    """The prices of the models that are served: the operator's own figures, else the list price of the dialect.

    Raises:
        ConfigError: a model has no price.
    """

    def __init__(self, models: Iterable[str], configured: Mapping[str, Price], list_price: ListPrice) -> None:
        self.models = tuple(models)
        self._configured = dict(configured)
        self._list_price = list_price
        for model in self.models:
            try:
                self.cost(model, Tokens(input=1, output=1))
            except LookupError:
                example = json.dumps({model: {"input": 3, "output": 15}})
                raise ConfigError(
                    f"MODELS: {model!r} has no known price (aliases such as 'sonnet' have none): give the model's full "
                    f"name, or its price in US dollars per million tokens in MODEL_PRICES, as in {example}"
                ) from None

    def cost(self, model: str, tokens: Tokens) -> Decimal:
        """Return the price of tokens of a model. Raises LookupError for a model without one."""
        own = self._configured.get(model)
        if own is not None:
            return own.cost(tokens)
        return self._list_price(model, tokens)

    def worst(self, model: str, *, input_tokens: int, output_tokens: int) -> Decimal:
        """Return the most that so many tokens may cost: the input at its dearest, when it is written to the cache."""
        plain = self.cost(model, Tokens(input=input_tokens, output=output_tokens))
        return max(plain, self.cost(model, Tokens(cache_write=input_tokens, output=output_tokens)))


def read_prices(text: str) -> dict[str, Price]:
    """Read MODEL_PRICES: a JSON object of model names and prices. Raises ConfigError."""
    if not text.strip():
        return {}
    try:
        return TypeAdapter(dict[str, Price]).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ConfigError(
            f"MODEL_PRICES is not usable: {where}: {first['msg']}. It is a JSON object such as "
            '{"claude-x": {"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75}}'
        ) from None
