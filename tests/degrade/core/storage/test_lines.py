"""JSON lines: whole ones are kept, a torn one is dropped, anything else is refused."""

import pytest

from degrade.core.errors import InputError
from degrade.core.storage.files import JsonLines, object_parser


def test_what_is_appended_is_there_again_and_a_torn_line_is_dropped(tmp_path):
    path = tmp_path / "new" / "a.jsonl"
    with JsonLines(path, object_parser(dict)) as lines:
        lines.append({"name": "é", "level": None})
        lines.append({"name": "b"})
        assert len(lines.values) == 2
    with open(path, "ab") as file:
        file.write(b'{"name": "c')
    with JsonLines(path, object_parser(dict)) as lines:
        assert lines.values == [{"name": "é", "level": None}, {"name": "b"}]
        lines.append({"name": "d"})
    assert path.read_text(encoding="utf-8").splitlines()[2] == '{"name": "d"}'


@pytest.mark.parametrize("text", ["nothing\n", "[1]\n", "\n"])
def test_another_file_is_refused_and_left_as_it_is(tmp_path, text):
    (tmp_path / "a").write_text(text)
    with pytest.raises(InputError, match="line 1 is not what it should be"):
        JsonLines(tmp_path / "a", object_parser(dict))
    assert (tmp_path / "a").read_text() == text


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        JsonLines(tmp_path, object_parser(dict))
