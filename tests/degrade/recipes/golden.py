"""What every recipe draws and makes, by hash."""

# NAME@VERSION: 12 digits of the SHA-256 of 20 draws at 512 px, and of the pixels of four images at 256 px.
# A recipe that draws something else is a new version, with a new line here.
GOLDEN = {
    "sr4@1": ("f0c49e6cdda2", "2e8bee7a4aa8"),
    "mosaic16@1": ("03eee5539a0d", "8fac9b747181"),
    "denoise@1": ("b93db90dd46d", "1a50bc4f3c5a"),
    "deblur@1": ("aef85d827094", "89c8e7478c98"),
    "jpeg@1": ("543a917387f9", "5b5b406b06fb"),
    "dual_blind@1": ("5e762e8972d9", "4416966b790f"),
    "bsrgan@3": ("10a2277087cc", "aecbf2174df3"),
    "codeformer_ii@2": ("c0f286ba72df", "ad3d097906e1"),
    "codeformer_iii_large@2": ("3a125e108da4", "5f27f3ec2fd4"),
    "codeformer_iii_small@2": ("ed0a84482266", "852a06e8ab7c"),
    "difface_test@2": ("8d522ba84492", "0f4476528416"),
    "diffbir@1": ("e05b10ebffc0", "c9d84e85a556"),
    "diffbir_face@1": ("100e161b36cf", "04f50b06e8a9"),
    "dual_blind_eqn2@1": ("654163e54b47", "ac1ee6032396"),
    "dual_blind_hifacegan@2": ("9bc195ad2f6e", "6af7643b6909"),
    "facerenov_simulated@2": ("137caaa6b858", "d9525b8ab116"),
    "gfpgan@3": ("cc9fb8e5ad82", "289f7880122d"),
    "imagenet_c_1@2": ("585cc250f153", "d14f4ab62294"),
    "imagenet_c_2@2": ("769bba83f8fe", "4c6093445871"),
    "imagenet_c_3@2": ("5f5b8623010e", "b41e93be9164"),
    "imagenet_c_4@2": ("55056c7b9cb1", "926dfdda3b4f"),
    "imagenet_c_5@2": ("5cb7a57d17bb", "bced47e56d5d"),
    "rain_haze_light@1": ("15315399ae1f", "08016a5865b9"),
    "rain_haze_medium@1": ("b4f252fea530", "df49026bec6c"),
    "rain_haze_heavy@1": ("83bce97775dc", "d18b05ced356"),
    "realesrgan_x4@3": ("8fa0231caa4b", "3b5f883794a9"),
}
