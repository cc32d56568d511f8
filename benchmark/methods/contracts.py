"""What each way to bring a method from outside is given, and what is expected of it: shown by `benchmark methods KIND`.

The same for all: an image is square, RGB; in a test set of scale 4 (sr4, bsrgan, realesrgan_x4) it has a quarter of the
reference's side, else its whole side.
"""

_SIZE = "must have the reference's side, four times that of the degraded image where the scale is 4"

CONTRACTS = {
    "folder": f"""\
    folder:DIR[,pattern=PATTERN][,resize=yes]
    given: nothing; DIR or its sub-folders hold a PNG, JPEG, WebP, TIFF or BMP for each image of the test set.
        For several test sets DIR/{{split}}: a folder for each, named after the test set (a protocol's: after the task).
    names: those of the degraded images, with any suffix; pattern={{name}}_out where programs add to them
        ({{name}}_00, {{name}}x4, ...). A missing name, or one too many, is refused before anything is scored.
    sizes: an image {_SIZE};
        resize=yes resizes others to it (bicubic, antialiased), if they are square.
    failures: an image that cannot be read is listed as failed, with the reason; the others are scored.""",
    "cmd": f"""\
    cmd:"[timeout=SECONDS] PROGRAM {{input}} {{output}}"
    given: the degraded image as an 8-bit PNG, in place of {{input}}; called once for each image, without a shell.
    expected: an image file at {{output}}, which ends in .png, within ten minutes unless timeout= says otherwise, and
        exit status 0. It {_SIZE}.
    failures: another exit status (its last line is kept), no file, or too long: listed as failed with the reason, and
        the next image follows. Every process that the program started is then ended.
    A program that loads its weights for minutes is better run once over SPLIT/lq; score its results as folder:DIR.""",
    "python": f"""\
    python:PACKAGE.MODULE:FUNCTION[,dtype=uint8]
    given: one degraded image, a numpy array (H, W, 3), RGB: float32 in [0, 1], or uint8 after dtype=uint8.
    expected: such an array, uint8 or float in [0, 1].
        It {_SIZE}.
    The module is looked for as Python does and in the current folder; an image on which it fails is listed so.""",
    "spandrel": """\
    spandrel:FILE, spandrel:FILE?w=0.7 for CodeFormer
    given: the degraded image reduced by the network's scale; GFPGAN, CodeFormer and RestoreFormer get it at 512 px.
    FILE: .pth or .safetensors of an architecture that the library spandrel knows, for colour images.""",
    "onnx": """\
    onnx:FILE.onnx[,range=LOW..HIGH][,size=SIDE]
    FILE: one input, a batch of one colour image (1, 3, H, W) or (1, H, W, 3) of float, float16 or uint8; the first
        output is such an image, `scale` times as large. Layout, type and side are read from the file;
        the scale and the required multiple of sides are found by a test run.
    range: what black and white are in the network: 0..1 unless given, -1..1, 0..255 (of a uint8 input always).
    size: the side of the images that it takes, where the file does not say.
    given: the degraded image reduced by the scale, mirrored up to sides that fit, in tiles that overlap where it is
        larger than the network takes. A network of one side and scale 1 gets the face as a whole, resized to it.""",
    "ncnn": """\
    ncnn:FILE.param[,range=LOW..HIGH][,size=SIDE]
    FILE.param, in text, with FILE.bin beside it: one input and one output, colour images of three planes.
    range, size, and what is given: same as for onnx:. Sides are mirrored up to a multiple of 16. On the CPU.""",
    "ispl": """\
    ispl:FILE.safetensors
    FILE: a checkpoint that `ispl train` or `benchmark run` made, of any variant but ispl:ep_map.
    given: the degraded image resized to the side of its network; what it gives is resized to the reference's side.
    A name of `benchmark methods`, such as ispl:isp_unet, is that method, trained by the benchmark.""",
}
