"""Tables of score lines made by hand."""

import json

import pytest
from msgspec.structs import replace

from benchmark.reports.tables.render import render
from tests.benchmark.made_scores import of_images, run_facts


@pytest.fixture
def tables(tmp_path):
    """Renders the given scores, of faces in a folder of that name; gives the texts by file name."""

    def rendered(*scores, profile="quick", faces="FFHQ-and-FaceRenov"):
        scores = scores or tuple(of_images("edsr", "psnr.rgb", [1.0], task="another"))  # of no table
        folder = tmp_path / profile / "scores"
        folder.mkdir(parents=True, exist_ok=True)
        for run in {score.run for score in scores if not (folder / f"{score.run}.json").exists()}:
            facts = run_facts(run, faces={"folder": faces, "list": None})
            (folder / f"{run}.json").write_text(json.dumps(facts))
        lines = [replace(score, profile=profile).line() for score in scores]
        (folder / "20250101T000000Z-00000000.jsonl").write_text("".join(line + "\n" for line in lines))
        return {path.name: path.read_text() for path in render(profile, tmp_path)}

    return rendered
