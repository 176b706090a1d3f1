"""What every command prints at `--help`, and what it imports for that: of all, one after another, in one process."""

import json
import subprocess
import sys

from wsfcn_tf.commands import SUMMARIES

HELPS = {"--help": ["--help"], **{command: [command, "--help"] for command in SUMMARIES}}
_CODE = """
import contextlib, io, json, sys
from wsfcn_tf.__main__ import main
told = {}
for name, argv in json.loads(sys.argv[1]).items():
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            status = main(argv)
        except SystemExit as ending:
            status = ending.code
    told[name] = status, printed.getvalue(), sorted({"tensorflow", "keras"} & set(sys.modules))
print(json.dumps(told))
"""


def help_pages(**options):
    """{command, or "--help": (status, printed, those of TensorFlow and Keras that are imported by now)}.

    `options` are those of `subprocess.run`. What is written to stderr fails.
    """
    words = [sys.executable, "-c", _CODE, json.dumps(HELPS)]
    done = subprocess.run(words, capture_output=True, text=True, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)
