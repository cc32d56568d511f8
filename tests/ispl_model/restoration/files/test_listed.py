"""What earlier runs made in the folder of the images, which is no image of the next one."""

import numpy as np

from degrade.core.image import write
from degrade.core.numbers import counted
from degrade.portraits.paint import paint
from degrade.splits.roles import portrait_sources
from tests.ispl_model.cli.test_cli_restore import restore


def test_results_beside_their_images_are_no_images_and_another_picture_is_one(network_file, tmp_path):
    """With --suffix, in the folder of the images: what its record lists is left out, and nothing else."""
    photo = np.full((200, 400, 3), 0.5, np.float32)
    photo[20:180, 30:190] = paint(portrait_sources("test", 1)[0].portrait, 160)
    write(tmp_path / "a.png", photo)
    options = ["--suffix", "r", "--save", "faces,compare"]
    for again, made, kept in ([], 1, 0), (["--resume"], 0, 1), (["--overwrite"], 1, 0):
        result = restore(tmp_path, network_file, tmp_path, *options, *again)
        assert result.exit_code == 0 and f"restored {counted(made, 'image')}" in result.output, result.output
        assert ("1 result there already" in result.output) == (kept == 1)
    names = ["a.png", "a_r.png", "cmp/a_r.jpg", "cropped_faces/a_r_01.png", "restored_faces/a_r_01.png"]
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*g")) == names
    write(tmp_path / "b_r.png", photo)  # of the user, though called like a result
    assert "restored 1 image" in restore(tmp_path, network_file, tmp_path, *options, "--resume").output
    assert (tmp_path / "b_r_r.png").is_file()


def test_results_of_images_elsewhere_can_be_restored_again_where_they_are(network_file, tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    write(there / "face.png", np.random.default_rng(0).random((64, 64, 3), dtype=np.float32))
    first = restore(there, network_file, here, "--kind", "face", "--format", "webp")
    assert first.exit_code == 0 and (here / "face.webp").is_file()
    assert restore(here, network_file, here, "--kind", "face", "--suffix", "r").exit_code == 0
    assert (here / "face_r.webp").is_file()
