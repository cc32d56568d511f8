"""Reviewers' votes: who wins, how ties end, and Fleiss' kappa of a table worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from degrade.core.errors import InputError
from degrade.importing.votes import Vote, decide, fleiss_kappa, read_key, read_votes

NAMES, CANDIDATES = ("face0", "face1", "face2"), ("remini", "nwdn", "retouch")
HEAD = "name,reviewer,choice\n"

# 10 subjects, 14 raters, 5 categories: the worked example of the article on Fleiss' kappa in Wikipedia.
TEXTBOOK = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def test_kappa_of_the_textbook_table():
    """By hand: observed 3.780 / 10, chances (20^2 + 28^2 + 39^2 + 21^2 + 32^2) / 140^2 = 4170 / 19600."""
    expected = 4170 / 19600
    assert fleiss_kappa(TEXTBOOK) == pytest.approx((688 / 1820 - expected) / (1 - expected), abs=1e-12)
    assert fleiss_kappa(TEXTBOOK) == pytest.approx(0.210, abs=5e-4)


def test_kappa_is_one_in_full_agreement_and_leaves_single_votes_out():
    assert fleiss_kappa([[3, 0], [0, 3]]) == 1
    assert fleiss_kappa([[2, 0], [0, 5], [1, 0], [0, 0]]) == 1


def test_kappa_of_two_votes_that_always_differ_is_minus_one():
    assert fleiss_kappa([[1, 1], [1, 1]]) == -1


@pytest.mark.parametrize("counts", [[[1, 0]], [[0, 0]], [[3, 0], [2, 0]]])
def test_kappa_without_pairs_or_without_choice_is_not_defined(counts):
    assert fleiss_kappa(np.array(counts)) is None


def _decided(*votes: tuple[str, str, str]):
    return decide([Vote(*vote) for vote in votes], NAMES, CANDIDATES)


def test_the_most_votes_win_and_missing_votes_are_named():
    first, second, third = _decided(
        *(("face0", "ann", "nwdn"), ("face0", "bob", "nwdn"), ("face0", "cid", "remini")),
        *(("face1", "ann", "retouch"), ("face1", "bob", "")),
    )
    assert (first.choice, first.decided_by, first.missing) == ("nwdn", "votes", ())
    assert first.counts == {"remini": 1, "nwdn": 2, "retouch": 0}
    assert (second.choice, second.decided_by, second.missing) == ("retouch", "votes", ("bob", "cid"))
    assert (third.choice, third.decided_by, third.missing) == (None, "none", ("ann", "bob", "cid"))


def test_a_tie_goes_to_the_candidate_with_more_votes_over_all_images():
    tied = _decided(("face0", "ann", "remini"), ("face0", "bob", "retouch"), ("face1", "ann", "retouch"))[0]
    assert (tied.choice, tied.decided_by) == ("retouch", "overall")


def test_a_tie_overall_goes_to_the_candidate_named_first():
    tied = _decided(("face0", "ann", "retouch"), ("face0", "bob", "nwdn"))[0]
    assert (tied.choice, tied.decided_by) == ("nwdn", "order")


def test_the_order_of_the_votes_decides_nothing():
    votes = [("face0", "ann", "retouch"), ("face0", "bob", "nwdn"), ("face1", "ann", "remini")]
    assert _decided(*votes) == _decided(*votes[::-1])


def test_a_file_may_name_images_with_suffix_and_leave_choices_empty(tmp_path: Path):
    path = tmp_path / "votes.csv"
    path.write_bytes("\ufeffname,reviewer,choice\r\nface0.png, ann ,nwdn\r\n\r\nface1,ann,\r\n".encode())
    assert read_votes([path], NAMES, CANDIDATES) == [Vote("face0", "ann", "nwdn"), Vote("face1", "ann", "")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected the columns name,reviewer,choice in the first line, got an empty file"),
        ("name,choice\n", "expected the columns name,reviewer,choice"),
        (HEAD, "expected at least one vote, got none"),
        (HEAD + "face0,ann\n", "line 2: expected 3 fields, got 2"),
        (HEAD + "face7,ann,nwdn\n", "line 2: expected the name of a degraded image, got 'face7'"),
        (HEAD + "face0,,nwdn\n", "line 2: expected who voted"),
        (HEAD + "face0,ann,remni\n", "line 2: unknown candidate 'remni'; did you mean 'remini'"),
        (HEAD + "face0,ann,nwdn\nface0.png,ann,nwdn\n", "line 3: reviewer ann votes for face0 a second time"),
        (HEAD + 'face0,"ann,nwdn\n', "cannot be read as a CSV file"),
    ],
)
def test_bad_votes_are_refused_in_a_sentence(tmp_path: Path, text: str, sentence: str):
    (tmp_path / "votes.csv").write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_votes([tmp_path / "votes.csv"], NAMES, CANDIDATES)


def test_labels_of_a_sheet_are_decoded_by_its_key(tmp_path: Path):
    (tmp_path / "key.csv").write_text("name,label,candidate\nface0,A,nwdn\nface0,B,remini\nface1,A,retouch\n")
    (tmp_path / "votes.csv").write_text(HEAD + "face0,ann,a\nface1,ann,A\n")
    key = read_key(tmp_path / "key.csv")
    assert [vote.choice for vote in read_votes([tmp_path / "votes.csv"], NAMES, CANDIDATES, key)] == ["nwdn", "retouch"]
    (tmp_path / "votes.csv").write_text(HEAD + "face1,ann,B\n")
    with pytest.raises(InputError, match="expected a label on the sheet of face1, got 'B'"):
        read_votes([tmp_path / "votes.csv"], NAMES, CANDIDATES, key)


def test_a_name_with_a_space_at_an_end_is_itself(tmp_path: Path):
    (tmp_path / "key.csv").write_text("name,label,candidate\na ,A,nwdn\n b,A,remini\nc,A,retouch\n")
    (tmp_path / "votes.csv").write_text(HEAD + "a ,ann,A\n b.png,ann,A\n c , ann , A\n")
    found = read_votes([tmp_path / "votes.csv"], ["a ", " b", "c"], CANDIDATES, read_key(tmp_path / "key.csv"))
    assert [(vote.name, vote.choice) for vote in found] == [("a ", "nwdn"), (" b", "remini"), ("c", "retouch")]


@given(data=st.binary(max_size=80) | st.text(max_size=80).map(lambda text: (HEAD + text).encode()))
@example(data=HEAD.encode() + b"face0,a\x00nn,nwdn\n")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_votes_or_one_sentence(tmp_path: Path, data: bytes):
    path = tmp_path / "votes.csv"
    path.write_bytes(data)
    try:
        votes = read_votes([path], NAMES, CANDIDATES)
    except InputError as error:
        assert "\n" not in str(error).replace(str(path), "")
    else:
        assert {vote.choice for vote in votes} <= {"", *CANDIDATES}
