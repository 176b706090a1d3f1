"""`networks`: every row of the paper's Tables I and II, with its parameters and its cost."""

import argparse

# context, fusion and the paper's "Params" in millions (Tables I and II)
ROWS = (
    ("aspp", "gci", 137.10),
    ("mclm", "gci", 143.52),
    ("fca", "gci", 143.52),
    ("aspp", "sf2", 140.92),
    ("fca", "sf2", 147.34),
    ("non_local", "gci", 140.97),
    ("large_kernel", "gci", 157.75),
    ("ppm", "gci", 142.03),
    ("aspp", "sum", 140.85),
    ("aspp", "concat", 142.03),
    ("aspp", "product", 140.85),
)
_NAMES = {("aspp", "gci"): "SSSS baseline", ("fca", "sf2"): "WS-FCN"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("--side", type=int, default=321, help="side of the image for multiply-adds (default: 321)")


def run(arguments: argparse.Namespace) -> None:
    """Builds one network after the other and prints the table."""
    from wsfcn_tf.config import ModelConfig
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.models import build_model
    from wsfcn_tf.models.counting import count_multiply_adds, count_parameters

    if arguments.side < 16:
        raise UserError(f"--side must be at least 16, not {arguments.side}")
    size = f"{arguments.side}x{arguments.side}"
    print(f"| context / fusion | trained parameters, M | the paper, M | multiply-adds at {size}, G |")
    print("|---|---:|---:|---:|", flush=True)
    for context, fusion, paper in ROWS:
        model = build_model(ModelConfig(context=context, fusion=fusion, num_classes=20))
        _, trainable = count_parameters(model)
        cost = count_multiply_adds(model, arguments.side)
        name = _NAMES.get((context, fusion))
        row = f"{context} / {fusion}" + (f" ({name})" if name else "")
        print(f"| {row} | {trainable / 1e6:.2f} | {paper:.2f} | {cost / 1e9:.1f} |", flush=True)
