"""`prepare-data`: PASCAL VOC 2012, COCO 2014, and what other tools wrote, as folders to train on."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsfcn_tf.data.prepare.plan import Plan
    from wsfcn_tf.data.prepare.prepared_folder import PreparedFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    from wsfcn_tf.commands.layout_options import add_layout_options

    datasets = parser.add_subparsers(dest="dataset", metavar="DATASET", required=True)

    voc = datasets.add_parser("voc", help="PASCAL VOC 2012 with SBD's masks: 10,582 images to train on")
    voc.add_argument(
        "--voc",
        required=True,
        nargs="+",
        type=Path,
        metavar="PATH",
        help="VOCdevkit, or the archive VOCtrainval_11-May-2012.tar; also the test set's, for the list test",
    )
    voc.add_argument(
        "--sbd",
        type=Path,
        metavar="PATH",
        help="benchmark_RELEASE, or the archive benchmark.tgz; left out, there is no list train_aug",
    )
    voc.add_argument(
        "--tags",
        choices=("masks", "xml"),
        default="masks",
        help="where tags come from: masks, as in the release (default), or the detection annotations",
    )

    coco = datasets.add_parser("coco", help="COCO 2014: 82,081 images to train on (2017's files are taken, too)")
    coco.add_argument(
        "--images",
        required=True,
        nargs="+",
        type=Path,
        metavar="DIR",
        help="train2014 and val2014, or the folder that holds both",
    )
    coco.add_argument(
        "--annotations", required=True, type=Path, metavar="DIR", help="the folder of instances_train2014.json"
    )

    for dataset in (voc, coco):
        dataset.add_argument("--output", required=True, type=Path, help="folder to make, or to go on with")
        dataset.add_argument(
            "--allow-missing",
            action="store_true",
            help="leave out images whose files are missing or broken, instead of stopping; they are listed in a file",
        )
        dataset.add_argument(
            "--copy",
            action="store_true",
            help="copy the photos; otherwise they are hard links where possible, which take no space",
        )
        dataset.add_argument("--workers", type=int, metavar="N", help="number of processes (default: one per core)")

    other = datasets.add_parser("import", help="another tool's folder: ImageFolder, COCO, YOLO, LabelMe and more")
    other.add_argument("source", type=Path, metavar="SOURCE", help="the folder of photos and annotations")
    other.add_argument("--output", required=True, type=Path, help="folder of tagged photos to make")
    other.add_argument("--copy", action="store_true", help="copy the photos; otherwise hard links where possible")
    other.add_argument("--without-masks", action="store_true", help="leave out outlines, of which masks/ is made")
    add_layout_options(other)


def run(arguments: argparse.Namespace) -> None:
    """Prepares the folder, and prints how many images each list has."""
    from wsfcn_tf.data.prepare.prepared_folder import disk_errors
    from wsfcn_tf.errors import UserError

    if arguments.dataset == "import":
        try:
            _import(arguments)
        except OSError as error:
            what = f"{error.filename or arguments.output}: {error.strerror or error}"
            raise UserError(f"{what}: mend that and run the same command again") from error
        return
    if arguments.workers is not None and arguments.workers < 1:
        raise UserError(f"--workers must be at least 1, not {arguments.workers}")
    prepare = _voc if arguments.dataset == "voc" else _coco
    with disk_errors(arguments.output):
        plan, folder = prepare(arguments)
        counts = folder.write(
            plan, allow_missing=arguments.allow_missing, copy=arguments.copy, workers=arguments.workers
        )
    for split, count in counts.items():
        expected = plan.expected.get(split, count)
        print(f"{split:<10} {count:>7,} images" + (f", of {expected:,}" if expected != count else ""))
    if left_out := folder.left_out:
        print(f"left out, and why: {left_out}")
    print(f"data.root: {arguments.output}")


def _import(arguments: argparse.Namespace) -> None:
    from wsfcn_tf.commands.layout_options import chosen
    from wsfcn_tf.data.datasets.opening import open_layout, words
    from wsfcn_tf.data.prepare.imported_folder import check_import, write_imported

    check_import(arguments.source, arguments.output)
    opened = open_layout(arguments.source, arguments.format, chosen(arguments))
    for line in words(opened):
        print(line)
    done = write_imported(
        opened.folder, arguments.output, copy=arguments.copy, masks=not arguments.without_masks, progress=True
    )
    for split, count in done.splits.items():
        print(f"{split:<10} {count:>7,} images")
    if done.masks:
        print(f"{'masks/':<10} {done.masks:>7,} masks, for an evaluation")
        if "val" not in done.splits:
            print("there is no list val.txt: 'val' is all photos with a mask, which are trained on, too: write one")
    if done.not_whole:
        print(f"photos with what has no outline, which therefore have no mask: {done.not_whole:,} (doctor names them)")
    print(f"data.format: tagged\ndata.root: {arguments.output}")


def _voc(arguments: argparse.Namespace) -> tuple["Plan", "PreparedFolder"]:
    from wsfcn_tf.data.prepare.prepared_folder import PreparedFolder
    from wsfcn_tf.data.prepare.voc2012 import locate_sbd, locate_voc, plan_voc

    inputs = [*arguments.voc, *([arguments.sbd] if arguments.sbd else [])]
    made_from = {
        "dataset": "voc",
        "voc": [str(path.resolve()) for path in arguments.voc],
        "sbd": str(arguments.sbd.resolve()) if arguments.sbd else None,
        "tags": arguments.tags,
    }
    folder = PreparedFolder(arguments.output, made_from, inputs)
    folder.check()
    voc = [locate_voc(path, folder.unpacked) for path in arguments.voc]
    sbd = locate_sbd(arguments.sbd, folder.unpacked) if arguments.sbd else None
    return plan_voc(voc, sbd, arguments.tags), folder


def _coco(arguments: argparse.Namespace) -> tuple["Plan", "PreparedFolder"]:
    from wsfcn_tf.data.prepare.coco2014 import locate_instances, plan_coco
    from wsfcn_tf.data.prepare.prepared_folder import PreparedFolder

    instances = locate_instances(arguments.annotations)
    made_from = {
        "dataset": "coco",
        "images": [str(path.resolve()) for path in arguments.images],
        "annotations": [str(path.resolve()) for path in instances.values()],
    }
    folder = PreparedFolder(arguments.output, made_from, [*arguments.images, arguments.annotations])
    folder.check()
    return plan_coco(arguments.images, instances), folder
