"""The command line: exit statuses, one-line errors, and no TensorFlow before a command runs."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from help_pages import HELPS, help_pages

from wsfcn_tf import __version__
from wsfcn_tf.__main__ import main
from wsfcn_tf.errors import Stopped, UserError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def train_command(monkeypatch):
    """Stands in for the train command; `run` holds what it does."""
    command = SimpleNamespace(
        add_arguments=lambda parser: parser.add_argument("--epochs", type=int, default=1),
        run=lambda arguments: None,
    )
    monkeypatch.setitem(sys.modules, "wsfcn_tf.commands.train", command)
    return command


def fail_with(error):
    def run(arguments):
        raise error

    return run


def test_the_command_gets_its_arguments(train_command):
    seen = []
    train_command.run = lambda arguments: seen.append(arguments.epochs)
    assert main(["train", "--epochs", "3"]) == 0
    assert seen == [3]


def test_a_users_mistake_is_one_line_on_stderr_and_status_2(train_command, capsys):
    train_command.run = fail_with(UserError("a.yaml: model.widht is not a key; did you mean model.width?"))
    assert main(["train"]) == 2
    assert capsys.readouterr() == ("", "error: a.yaml: model.widht is not a key; did you mean model.width?\n")


def test_ctrl_c_is_status_130_without_a_traceback(train_command, capsys):
    train_command.run = fail_with(KeyboardInterrupt())
    assert main(["train"]) == 130
    assert capsys.readouterr() == ("", "interrupted\n")


def test_a_training_that_was_asked_to_end_says_where_it_is(train_command, capsys):
    train_command.run = fail_with(Stopped("SIGTERM: saved after 3 steps; --resume continues", 75))
    assert main(["train"]) == 75
    assert capsys.readouterr() == ("", "SIGTERM: saved after 3 steps; --resume continues\n")


def test_a_bug_keeps_its_traceback(train_command):
    train_command.run = fail_with(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["train"])


@pytest.mark.parametrize("argv", [[], ["tarin"], ["train", "--epochs", "many"], ["train", "--epoch-count", "1"]])
def test_wrong_arguments_end_with_status_2(train_command, argv):
    with pytest.raises(SystemExit) as ending:
        main(argv)
    assert ending.value.code == 2


def test_version(capsys):
    with pytest.raises(SystemExit) as ending:
        main(["--version"])
    assert ending.value.code == 0
    assert capsys.readouterr().out == f"wsfcn-tf {__version__}\n"


@pytest.fixture(scope="module")
def helps():
    return help_pages(cwd=ROOT)


@pytest.mark.parametrize("command", HELPS)
def test_help_does_not_wait_for_tensorflow(command, helps):
    status, printed, heavy = helps[command]
    assert (status, heavy) == (0, [])
    assert printed.startswith(f"usage: python -m wsfcn_tf {'[-h]' if command == '--help' else command}")


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_the_scripts_at_the_top_are_those_commands(command):
    script = subprocess.run(
        [sys.executable, f"{command}.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert script.stdout.startswith(f"usage: python -m wsfcn_tf {command} ")


def test_a_process_of_its_own_leaves_garbage_alone_at_its_end():
    """Registered before, the line is printed after what `process` registers."""
    script = """
import atexit, gc
atexit.register(lambda: print("frozen" if gc.get_freeze_count() else "not frozen"))
from wsfcn_tf.__main__ import process
print(process(["configs"]), gc.get_threshold(), gc.get_freeze_count())
"""
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-2:] == ["0 (50000, 20, 100) 0", "frozen"]
