"""A caller's bytes are read as a task in a time that grows with their length alone."""

import time

import pytest
from agent_ledger import InvalidTask, read_task


@pytest.mark.slow
def test_keys_are_counted_in_no_time() -> None:
    """A task of the largest size, all keys, numbers or objects, is read in far less than a drain's patience."""
    for item in (b'{"a":1}', b"1", b"{}", b'"x"'):
        head = b'{"skill": "triage", "input": {"all": ['
        raw = head + b",".join([item] * ((1_048_576 - len(head) - 3) // (len(item) + 1))) + b"]}}"
        began = time.process_time()
        assert read_task(raw).skill == "triage"
        assert time.process_time() - began < 3
    keys = b",".join(b'"k%d":1' % number for number in range(70_000))
    assert read_task(b'{"skill": "triage", "input": {' + keys + b"}}").skill == "triage"
    with pytest.raises(InvalidTask, match="'k7' is given twice"):
        read_task(b'{"skill": "triage", "input": {' + keys + b',"k7":1}}')
