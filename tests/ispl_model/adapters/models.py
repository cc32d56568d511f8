"""Small model files with seeded random or known weights, made where a test needs one."""

import numpy as np


def write_onnx(path, sides=("h", "w"), *, scale=2, last=False, dtype="float", keep=None):
    """A network that repeats each pixel `scale` times and darkens it: x/2 in its own numbers.

    last: channels last. keep: sides are rounded down to multiples of it, so that others fail to come back.
    """
    from onnx import TensorProto, checker, helper, numpy_helper, save

    def constant(name, values):
        return numpy_helper.from_array(np.array(values, np.float32), name)

    number = {"float": TensorProto.FLOAT, "half": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}[dtype]
    shape = (1, *sides, 3) if last else (1, 3, *sides)
    given = helper.make_tensor_value_info("x", number, shape)
    result = helper.make_tensor_value_info("y", number, [1, "p", "q", "r"])
    to, back = ([0, 3, 1, 2], [0, 2, 3, 1]) if last else ([0, 1, 2, 3], [0, 1, 2, 3])
    scales = constant("scales", [1, 1, scale, scale])
    half = constant("half", 0.5)
    down = constant("down", [1, 1, 1 / (keep or 1), 1 / (keep or 1)])
    up = constant("up", [1, 1, keep or 1, keep or 1])
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    nodes = [
        helper.make_node("Cast", ["x"], ["a"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["a"], ["b"], perm=to),
        helper.make_node("Resize", ["b", "", "down"], ["b1"], **nearest),
        helper.make_node("Resize", ["b1", "", "up"], ["b2"], **nearest),
        helper.make_node("Resize", ["b2" if keep else "b", "", "scales"], ["c"], **nearest),
        helper.make_node("Mul", ["c", "half"], ["d"]),
        helper.make_node("Transpose", ["d"], ["e"], perm=back),
        helper.make_node("Cast", ["e"], ["y"], to=number),
    ]
    graph = helper.make_graph(nodes, "tiny", [given], [result], [scales, half, down, up])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(model)
    save(model, path)
    return path


def write_ncnn_rrdb(param, width=4, blocks=1, half=True):
    """An RRDBNet of seeded random weights in ncnn's two files: layers in the order of the released ones."""
    draw = np.random.default_rng(0)
    lines, data = ["Input in 0 1 data"], b""
    fresh = iter(range(10_000))

    def conv(source, inputs, outputs, active=True):
        nonlocal data
        name = f"c{next(fresh)}"
        weight = draw.normal(0, 0.3 / np.sqrt(inputs), outputs * inputs * 9)
        bias = draw.normal(0, 0.01, outputs).astype("<f4")
        packed = weight.astype("<f2").tobytes() if half else weight.astype("<f4").tobytes()
        mark = 0x01306B47 if half else 0
        data += mark.to_bytes(4, "little") + packed + bytes(-len(packed) % 4) + bias.tobytes()
        leaky = " 9=2 -23310=1,2.000000e-01" if active else ""
        lines.append(f"Convolution {name} 1 1 {source} {name} 0={outputs} 1=3 4=1 5=1 6={weight.size}{leaky}")
        return name

    def layer(kind, sources, options):
        name = f"l{next(fresh)}"
        lines.append(f"{kind} {name} {len(sources)} 1 {' '.join(sources)} {name} {options}".rstrip())
        return name

    growth = width // 2
    head = features = conv("data", 3, width, active=False)
    for _ in range(blocks):
        outer = features
        for _ in range(3):
            seen, inner = [features], features
            for index in range(5):
                source = seen[0] if index == 0 else layer("Concat", seen, "")
                last = index == 4
                seen.append(conv(source, width + index * growth, width if last else growth, active=not last))
            features = layer("Eltwise", [seen[-1], inner], "0=1 -23301=2,2.000000e-01,1.0")
        features = layer("Eltwise", [features, outer], "0=1 -23301=2,2.000000e-01,1.0")
    features = layer("BinaryOp", [head, conv(features, width, width, active=False)], "")
    for _ in range(2):
        features = conv(layer("Interp", [features], "0=1 1=2.0 2=2.0"), width, width)
    last = conv(conv(features, width, width), width, 3, active=False)
    lines = _with_splits(lines)
    blobs = sum(int(line.split()[3]) for line in lines)
    text = "\n".join(["7767517", f"{len(lines)} {blobs}", *lines])
    param.write_text(text.replace(f" {last} 0=3", " output 0=3") + "\n")
    param.with_suffix(".bin").write_bytes(data)
    return param


def _with_splits(lines):
    """ncnn lets a blob be taken once: a Split layer gives it out several times."""
    words = [line.split() for line in lines]
    takers = {}
    for word in words:
        for place in range(4, 4 + int(word[2])):
            takers.setdefault(word[place], []).append((word, place))
    found = []
    for word in words:
        found.append(word)
        for blob in word[4 + int(word[2]) : 4 + int(word[2]) + int(word[3])]:
            taken = takers.get(blob, [])
            if len(taken) > 1:
                names = [f"{blob}_{index}" for index in range(len(taken))]
                found.append(["Split", f"split_{blob}", "1", str(len(names)), blob, *names])
                for name, (taker, place) in zip(names, taken, strict=True):
                    taker[place] = name
    return [" ".join(word) for word in found]
