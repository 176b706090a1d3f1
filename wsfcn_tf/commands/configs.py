"""`configs`: the experiments that come with the package."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("name", nargs="?", help="print this one's file, to be changed and kept as one's own")


def run(arguments: argparse.Namespace) -> None:
    """Lists the shipped config files, each with the first sentence of its header, or prints one."""
    from wsfcn_tf.config.shipped import shipped_configs
    from wsfcn_tf.errors import UserError

    files = shipped_configs()
    if arguments.name is None:
        width = max(map(len, files))
        for name in sorted(files, key=lambda name: ("/" in name, name)):
            print(f"{name:{width}}  {_first_sentence(files[name].read_text(encoding='utf-8'))}")
        return
    name = arguments.name.removeprefix("configs/").removesuffix(".yaml")
    if name not in files:
        raise UserError(
            f"{arguments.name}: no such config comes with the package: there are {', '.join(sorted(files))}"
        )
    print(files[name].read_text(encoding="utf-8"), end="")


def _first_sentence(text: str) -> str:
    header = []
    for line in text.splitlines():
        if not line.startswith("# "):
            break
        header.append(line[2:].strip())
    return " ".join(header).partition(". ")[0].rstrip(".:")
