"""A signing key that is not public is seen as such, and no command makes it worse."""

import json
from pathlib import Path

import pytest
from service_kit.errors import ConfigError
from service_kit.keys import publish, read_private, read_public, retire, rotate, write_keys
from service_kit.tokens import Signer


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A pair of files whose signing key was replaced by an older one, which is not public."""
    private, public = tmp_path / "key.json", tmp_path / "jwks.json"
    write_keys(private, public)
    old = private.read_text()
    write_keys(private, public)
    private.write_text(old)
    return private, public


def test_a_key_that_is_not_public_is_told_with_its_remedy(files: tuple[Path, Path]) -> None:
    """The signer names its key and what makes one that is public; once that was done, nothing is wrong."""
    signer, kid, (known,) = Signer(*files), read_private(files[0])["kid"], read_public(files[1])
    fault = signer.fault()
    assert fault is not None
    assert f"({kid}) is not public" in fault
    assert f"`agent-engine keys rotate` makes one that is, or put back the signing key of {known}" in fault
    rotate(*files)
    assert Signer(*files).fault() is None
    assert Signer(files[0]).fault() is None


def test_the_same_id_with_another_key_is_not_public(files: tuple[Path, Path]) -> None:
    """What counts is the key, not its name."""
    private, public = files
    private.write_text(json.dumps(read_private(private) | {"kid": next(iter(read_public(public)))}))
    assert "is not public" in (Signer(*files).fault() or "")


def test_a_turn_leaves_a_key_out_that_was_not_public(files: tuple[Path, Path]) -> None:
    """The new key signs beside the one that was public; the retired one stays refused."""
    before, (known,) = read_private(files[0])["kid"], read_public(files[1])
    new, old = rotate(*files)
    assert (old, set(read_public(files[1]))) == (None, {new, known})
    assert before not in read_public(files[1])
    with pytest.raises(ConfigError, match=f"two keys are public already: retire {known} first"):
        rotate(*files)


def test_the_last_public_key_stays(files: tuple[Path, Path]) -> None:
    """Without a public key nothing works: the last is kept, whether it signs or not."""
    (known,) = read_public(files[1])
    with pytest.raises(ConfigError, match=rf"{known} is the last public key: make another first .*keys rotate"):
        retire(*files, known)
    assert list(read_public(files[1])) == [known]


def test_a_lost_public_file_is_made_of_the_signing_key(files: tuple[Path, Path]) -> None:
    """What is made holds the public part alone, and fits."""
    files[1].unlink()
    publish(*files)
    assert Signer(*files).fault() is None
    assert read_private(files[0])["d"] not in files[1].read_text()


def test_a_signing_key_open_to_others_is_refused(files: tuple[Path, Path]) -> None:
    """A group may read it, as a mounted secret; more is refused with the command that closes it."""
    files[0].chmod(0o640)
    read_private(files[0])
    files[0].chmod(0o644)
    with pytest.raises(ConfigError, match=rf"is open to others \(644\): chmod 600 {files[0]}"):
        read_private(files[0])
