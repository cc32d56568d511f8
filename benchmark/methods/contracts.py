"""What each way to bring a method from outside is given, and what is expected of it: shown by `benchmark methods KIND`.

The same for all: an image is square, RGB; of `sr4` a quarter of the reference's side, of other tasks the whole.
"""

_SIZE = "must have the reference's side, on sr4 four times that of the degraded image"

CONTRACTS = {
    "folder": f"""\
    folder:DIR[,pattern=PATTERN][,resize=yes]
    given: nothing; DIR holds an image for each of the test split, below it too: PNG, JPEG, WebP, TIFF or BMP.
        Of several test sets DIR/{{split}}: a folder for each, called as the test set (as the task, of a protocol).
    names: those of the degraded images, whatever the ending; pattern={{name}}_out where they are called otherwise
        ({{name}}_00, {{name}}x4, ...). A missing name, or one too many, is refused before anything is scored.
    sizes: an image {_SIZE};
        resize=yes brings others there (bicubic, antialiased), if they are square.
    failures: an image that cannot be read is a score line with the reason; the others are scored.""",
    "cmd": f"""\
    cmd:"[timeout=SECONDS] PROGRAM {{input}} {{output}}"
    given: the degraded image as an 8-bit PNG, in place of {{input}}; called once for each image, without a shell.
    expected: an image file at {{output}}, which ends in .png, within ten minutes unless timeout= says otherwise, and
        exit status 0. It {_SIZE}.
    failures: another exit status (its last line is kept), no file, or too long: a score line with the reason, and the
        next image. All that the program started is then ended.
    A program that loads its weights for minutes is better run over SPLIT/lq, and its results scored as folder:DIR.""",
    "python": f"""\
    python:PACKAGE.MODULE:FUNCTION[,dtype=uint8]
    given: one degraded image, a numpy array (H, W, 3), RGB: float32 in [0, 1], or uint8 after dtype=uint8.
    expected: such an array, uint8 or float in [0, 1].
        It {_SIZE}.
    The module is looked for as Python does and in the current folder; what it raises for an image is a score line.""",
    "spandrel": """\
    spandrel:FILE, spandrel:FILE?w=0.7 for CodeFormer
    given: the degraded image reduced by the network's scale; GFPGAN, CodeFormer and RestoreFormer get it at 512 px.
    FILE: .pth or .safetensors of an architecture that the library spandrel knows, for colour images.""",
    "onnx": """\
    onnx:FILE.onnx[,range=LOW..HIGH][,size=SIDE]
    FILE: one input, a batch of one colour image (1, 3, H, W) or (1, H, W, 3) of float, float16 or uint8; the first
        output is such an image, `scale` times as large. Layout, type, side and scale are found in the file, the scale
        and of which multiple sides must be by trying.
    range: what black and white are in the network: 0..1 unless given, -1..1, 0..255 (of a uint8 input always).
    size: the side of the images that it takes, where the file leaves it open.
    given: the degraded image reduced by the scale, mirrored up to sides that fit, in tiles that overlap where it is
        larger than the network takes. A network of one side and scale 1 gets the face as a whole, resized to it.""",
    "ncnn": """\
    ncnn:FILE.param[,range=LOW..HIGH][,size=SIDE]
    FILE.param, in text, with FILE.bin beside it: one input and one output, colour images of three planes.
    range, size, and what is given: as of onnx:. Sides are mirrored up to a multiple of 16. On the processor.""",
    "ispl": """\
    ispl:FILE.safetensors
    FILE: a checkpoint that `ispl train` or `benchmark run` made, of any variant but ispl:ep_map.
    given: the degraded image resized to the side of its network; what it gives is resized to the reference's side.
    A name of the table, such as ispl:isp_unet, is that method, trained by the benchmark.""",
}
