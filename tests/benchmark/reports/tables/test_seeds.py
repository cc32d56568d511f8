"""A row of several trainings of one network."""

from msgspec.structs import replace

from tests.benchmark.made_scores import cells, csv_row, of_images


def test_three_trainings_have_an_interval_over_the_seeds_beside_that_over_the_images(tables):
    trained = [
        replace(score, seed=seed) for seed in range(3) for score in of_images("edsr", "psnr.rgb", [20, 22 + seed])
    ]
    made = tables(*trained, *of_images("srgan", "psnr.rgb", [20.0, 21.0], seed=0), faces="own")
    assert cells(made["table2.md"], "sr4", "EDSR")["PSNR"] == "**21.500** ±1.500 (3 seeds ±1.242)"
    assert "training seeds 0 (EDSR on sr4: 0, 1, 2)." in made["table2.md"]
    assert "(N seeds ±): the value is the mean of N trainings, and this half of its 95 % interval" in made["table2.md"]
    row = csv_row(made["table2.csv"], "S2S", "sr4", "edsr", "psnr.rgb")
    assert (row["seeds"], row["seeds_low"], row["seeds_high"]) == ("3", "20.2579311", "22.7420689")
    assert csv_row(made["table2.csv"], "S2S", "sr4", "srgan", "psnr.rgb")["seeds"] == "1"
