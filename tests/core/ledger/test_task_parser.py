"""A caller's bytes are read as a task in a time that grows with their length alone."""

import time

import pytest
from agent_ledger import InvalidTask, read_task


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (b'"input": 3', "input: Input should be a valid string, or an object"),
        (b'"input": null', "input: Input should be a valid string, or an object"),
        (b'"inputs": {}', "input: Field required; inputs: unknown field: did you mean input?"),
        (b'"input": "", "foo": 1', "foo: unknown field"),
        (b'"input": "", "labels": {"a": 1}', "labels.a: Input should be a valid string"),
    ],
)
def test_a_field_is_named_as_the_caller_wrote_it(fields: bytes, said: str) -> None:
    """No name of the parser's own stands in a place, and a value of no right kind is told once."""
    with pytest.raises(InvalidTask) as refused:
        read_task(b'{"skill": "triage", ' + fields + b"}")
    assert str(refused.value) == said


@pytest.mark.slow
def test_keys_are_counted_in_no_time() -> None:
    """A task of as many values as may be, all keys, numbers or objects, is read in less than a drain's patience."""
    for item in (b'{"a":1}', b"1", b"{}", b'"x"'):
        head, tail = b'{"skill": "triage", "input": {"all": [', b"]}}"
        began = time.process_time()
        assert read_task(head + b",".join([item] * 49_000) + tail).skill == "triage"
        assert time.process_time() - began < 3
        with pytest.raises(InvalidTask, match="more than 100000 values") as refused:
            read_task(head + b",".join([item] * 120_000) + tail)
        assert refused.value.fault == "json"
    keys = b",".join(b'"k%d":1' % number for number in range(70_000))
    assert read_task(b'{"skill": "triage", "input": {' + keys + b"}}").skill == "triage"
    with pytest.raises(InvalidTask, match="'k7' is given twice"):
        read_task(b'{"skill": "triage", "input": {' + keys + b',"k7":1}}')
