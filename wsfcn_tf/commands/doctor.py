"""`doctor`: what is wrong with a folder of photos, tags and masks."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    from wsfcn_tf.commands.layout_options import add_layout_options

    parser.add_argument("data", metavar="DATA", help="a folder of photos and tags, ours or another tool's")
    add_layout_options(parser)
    parser.add_argument("--json", metavar="FILE", help="write the report, with every photo it names, for machines, too")


def run(arguments: argparse.Namespace) -> None:
    """Prints the report. Raises UserError if training or evaluation would go wrong."""
    from wsfcn_tf.commands.layout_options import chosen
    from wsfcn_tf.data.doctor import as_json, as_text, examine, survey
    from wsfcn_tf.data.doctor.findings import counted
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.files import write_json

    found = survey(arguments.data, layout=arguments.format, choices=chosen(arguments))
    findings = examine(found)
    print(as_text(found, findings))
    if arguments.json:
        write_json(arguments.json, as_json(found, findings))
    errors = sum(finding.level == "error" for finding in findings)
    if errors:
        them = "it" if errors == 1 else "them"
        told = f"{counted(errors, 'error')} in the data, told above"
        raise UserError(f"{arguments.data}: {told}: mend {them} before training")
