"""What pydantic refused, in one line for people."""

from pydantic import ValidationError


def described(error: ValidationError) -> str:
    """Name each place that was refused and why, without pydantic's own word for an error that our code raised."""
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        place = ".".join(map(str, item["loc"]))
        lines.append(f"{place}: {reason(item['msg'])}" if place else reason(item["msg"]))
    return "; ".join(lines)


def reason(message: str) -> str:
    """Give pydantic's message without its word for an error that our code raised."""
    return message.removeprefix("Value error, ")
