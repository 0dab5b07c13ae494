"""Arrays in one file: they come back as they were, or not at all."""

import numpy as np
import pytest

from kb import arrays

HELD = {"units": np.arange(5, dtype=np.uint16), "keys": np.array([b"card", b"permit"]), "none": np.zeros(0)}


@pytest.fixture
def path(tmp_path):
    arrays.write(tmp_path / "units", HELD.items(), {"names": ["a"]})
    return tmp_path / "units"


def test_arrays_come_back_as_they_were(path):
    held = arrays.Mapped(path)
    assert {name: held[name].tolist() for name in held} == {name: one.tolist() for name, one in HELD.items()}
    assert held["units"].dtype == np.uint16
    assert held.about == {"names": ["a"]}


def test_whatever_byte_is_wrong_the_file_is_refused(path):
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(arrays.NotWhole):
            arrays.Mapped(path)
    for size in range(0, len(whole), 11):
        path.write_bytes(whole[:size])
        with pytest.raises(arrays.NotWhole):
            arrays.Mapped(path)


def test_a_file_that_somebody_writes_into_is_no_longer_looked_at(path):
    held = arrays.Mapped(path)
    assert held.is_whole
    with path.open("ab") as file:
        file.write(b"!")
    assert not held.is_whole


def test_a_draft_that_fails_leaves_nothing_behind(tmp_path):
    def broken():
        yield "units", np.arange(3)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        arrays.write(tmp_path / "units", broken())
    assert list(tmp_path.iterdir()) == []
