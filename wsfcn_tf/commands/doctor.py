"""`doctor`: what is wrong with a folder of photos, tags and masks."""

import argparse
from pathlib import Path

from wsfcn_tf.commands.mask_values_setting import split_off_mask_values


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    from wsfcn_tf.commands.layout_options import add_layout_options

    parser.add_argument("data", metavar="DATA", help="a folder of photos and tags, ours or another tool's")
    add_layout_options(parser)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="data.mask_values, if that is what training will be given",
    )
    parser.add_argument("--json", metavar="FILE", help="write the report, with every photo it names, for machines, too")
    parser.add_argument("--html", metavar="FILE", help="write the report as a page with thumbnails, too")


def run(arguments: argparse.Namespace) -> None:
    """Prints the report. Raises UserError if training or evaluation would go wrong."""
    from wsfcn_tf.commands.layout_options import chosen
    from wsfcn_tf.data.doctor import as_json, as_text, examine, survey
    from wsfcn_tf.data.doctor.findings import counted
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.files import write_json

    for option, file in (("--json", arguments.json), ("--html", arguments.html)):
        if file and Path(file).is_dir():
            raise UserError(f"{option} {file}: this is a folder: name a file")
    mask_values, others = split_off_mask_values(arguments.set)
    if others:
        raise UserError(f"--set {others[0]}: doctor looks at data.mask_values only: leave it out")
    found = survey(arguments.data, mask_values=mask_values, layout=arguments.format, choices=chosen(arguments))
    findings = examine(found)
    print(as_text(found, findings))
    if arguments.json:
        write_json(arguments.json, as_json(found, findings))
    if arguments.html:
        from wsfcn_tf.visualisation.doctor_page import write_page

        write_page(arguments.html, found, findings)
        print(f"\nreport: {arguments.html}")
    errors = sum(finding.level == "error" for finding in findings)
    if errors:
        them = "it" if errors == 1 else "them"
        told = f"{counted(errors, 'error')} in the data, told above"
        raise UserError(f"{arguments.data}: {told}: mend {them} before training")
