"""The closing lines of a run against values worked out by hand."""

from benchmark.cli.shared.summary import means
from benchmark.records.scores import SCHEMA, Score


def test_a_frechet_distance_is_shown_reduced_in_bias_as_in_the_tables():
    key = ("run", "quick", "S2S", "sr4", "split", "edsr", 0, None, None)
    found = Score(SCHEMA, *key, "ffd.dlib", 10.0, "1", 0.1, n=100, replicates=(11.0, 12.0))
    assert means([found]) == ["metric    sr4", "ffd.dlib  8.5 reduced in bias, plain 10 (n=100)"]
    without = Score(SCHEMA, *key, "ffd.dlib", 10.0, "1", 0.1, n=3)
    assert means([without])[1] == "ffd.dlib  10, not reduced in bias (n=3)"
    other = Score(SCHEMA, *key, "mmd.dlib", 10.0, "1", 0.1, n=100, replicates=(11.0, 12.0))
    assert means([other])[1] == "mmd.dlib  10 (n=100)"
