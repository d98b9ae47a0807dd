"""A long list is read entry by entry, however the file is cut into blocks."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selling_partner import entries
from selling_partner.entries import Entries
from selling_partner.errors import MalformedAnswer

_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6) | st.sampled_from(
    ['"', "\\", '\\"', "[{", "list"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_OBJECTS = st.dictionaries(_TEXTS, _VALUES, max_size=4)


def read(text, name="list"):
    found = Entries(io.BytesIO(text if isinstance(text, bytes) else text.encode()), name)
    return [json.loads(entry) for entry in found], json.loads(found.rest)


@given(
    listed=st.lists(_OBJECTS, max_size=4),
    beside=st.dictionaries(_TEXTS.filter(lambda text: text != "list"), st.integers() | _TEXTS, max_size=3),
    after=st.booleans(),
    wrapped=st.booleans(),
    ascii_only=st.booleans(),
    block=st.integers(1, 40),
)
def test_whatever_stands_in_a_list(listed, beside, after, wrapped, ascii_only, block):
    """Every entry comes as it is, the rest is what was beside them, whatever the size of the blocks."""
    page = {**beside, "list": listed} if after else {"list": listed, **beside}
    whole = {"payload": page} if wrapped else page
    kept, entries._BLOCK = entries._BLOCK, block
    try:
        given_back, rest = read(json.dumps(whole, ensure_ascii=ascii_only))
    finally:
        entries._BLOCK = kept
    assert given_back == listed
    page["list"] = [None] * len(listed)
    assert rest == whole


@pytest.mark.parametrize(
    "text, listed",
    [
        ('{"list": []}', []),
        ('{"other": [{"list": [{"a": 1}]}], "list": [{"b": 2}]}', [{"b": 2}]),  # the one that is not too deep
        ('{"list": [{"a": 1}], "payload": {"list": [{"b": 2}]}}', [{"a": 1}]),  # the first
        ('{"list": [null, {"a": 1}, "text"]}', [{"a": 1}]),
        ('{"a": "list", "b": [{"c": 1}]}', []),
    ],
)
def test_which_list_it_is(text, listed):
    assert read(text)[0] == listed


@pytest.mark.parametrize(
    "text", ['{"list": [{"a": 1}', '{"list": [{"a": ', '{"list": [{"a": 1}]', "", "}]}]", "<html>", '{"']
)
def test_what_is_no_json_leaves_none(text):
    with pytest.raises(ValueError):
        read(text)


@pytest.mark.parametrize("text", ['{"a": "%s"}', '{"list": [{"a": "%s"}]}'])
def test_nothing_is_kept_that_is_too_large(text, monkeypatch):
    monkeypatch.setattr(entries, "LARGEST_REST", 1000)
    monkeypatch.setattr(entries, "LARGEST_ENTRY", 1000)
    read(text % ("x" * 900))
    with pytest.raises(MalformedAnswer):
        read(text % ("x" * 1100))


def test_the_same_entry_has_the_same_digest():
    found = Entries(io.BytesIO(b'{"list": [{"a": 1}, {"a": 1}, {"a": 2}]}'), "list")
    assert len(found) == 3 and len(set(found.digests)) == 2
    assert list(found) == list(found)
