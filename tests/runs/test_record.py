"""record.json: one entry for each start, whatever the clock on the wall does."""

import json
import subprocess
from datetime import datetime, timezone

import pytest

from wsfcn_tf.runs import record as run_record
from wsfcn_tf.runs.record import RunRecord, git_state, hardware, read_record, versions


def test_each_start_has_an_entry_and_a_killed_one_is_called_so(tmp_path):
    path = tmp_path / "record.json"
    assert read_record(path) == []
    RunRecord(path, {"seed": 3})
    second = RunRecord(path, {"seed": 3})
    second.note(to={"epochs": 2})
    second.note(outcome="finished")
    killed, finished = read_record(path)
    assert (killed["outcome"], killed["seed"]) == ("killed", 3)
    assert (finished["outcome"], finished["to"]) == ("finished", {"epochs": 2})


def test_seconds_are_not_those_of_a_clock_that_is_set(tmp_path, monkeypatch):
    class Backwards(datetime):
        hour = 23

        @classmethod
        def now(cls, zone):
            cls.hour -= 1
            return datetime(2026, 1, 1, cls.hour, tzinfo=timezone.utc)

    clock = [50.0]
    monkeypatch.setattr(run_record, "datetime", Backwards)
    monkeypatch.setattr(run_record.time, "monotonic", lambda: clock[0])
    record = RunRecord(tmp_path / "record.json", {})
    clock[0] += 7.25
    record.note(outcome="finished")
    (entry,) = read_record(tmp_path / "record.json")
    assert entry["seconds"] == 7.2 and entry["seen"] < entry["started"] == "2026-01-01T22:00:00+00:00"


@pytest.mark.parametrize("text", ["", "[]", '{"starts": [1]}', '{"other": 1}'])
def test_what_is_no_record_is_begun_anew(tmp_path, text):
    path = tmp_path / "record.json"
    path.write_text(text)
    RunRecord(path, {})
    assert [entry["outcome"] for entry in json.loads(path.read_text())["starts"]] == ["running"]


def test_git_state_is_of_the_repository_that_holds_the_code_only(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        return subprocess.run(
            ["git", "-C", tmp_path, *identity, *arguments], check=True, capture_output=True, text=True
        )

    assert git_state(tmp_path) is None
    git("init")
    (tmp_path / "__init__.py").write_text("one")
    git("commit", "--allow-empty", "-m", "not the code: it is ignored or lies in a .venv")
    assert git_state(tmp_path) is None
    git("add", ".")
    git("commit", "-m", "code")
    commit = git("rev-parse", "HEAD").stdout.strip()
    assert git_state(tmp_path) == {"commit": commit, "dirty": False}
    (tmp_path / "__init__.py").write_text("two")
    assert git_state(tmp_path) == {"commit": commit, "dirty": True}
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) is None


def test_versions_and_hardware_name_no_machine():
    import platform

    assert {"python", "wsfcn-tf", "tensorflow", "keras", "numpy"} <= versions().keys()
    found = hardware(["A100"])
    assert found["cores"] >= 1 and found["memory_gb"] > 0 and found["gpus"] == ["A100"] and found["cpu"]
    assert platform.node() not in json.dumps(found)
