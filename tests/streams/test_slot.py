import subprocess
import sys
from pathlib import Path

import pytest

from streams.settings import Settings
from streams.slot import SlotTakenError, claim_slot

HOLDER = """
import sys, time
from pathlib import Path
from streams.settings import Settings
from streams.slot import claim_slot
slot = claim_slot(Settings(data_dir=Path(sys.argv[1])), "cost")
print(slot.name, flush=True)
time.sleep(60)
"""


def hold(folder: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_two_live_workers_have_two_names(tmp_path: Path) -> None:
    first = claim_slot(Settings(data_dir=tmp_path), "cost")
    second = claim_slot(Settings(data_dir=tmp_path), "cost")
    assert (first.name[-3:], second.name[-3:]) == ("000", "001")
    assert claim_slot(Settings(data_dir=tmp_path), "intake").name.startswith("intake-")


def test_a_worker_that_was_killed_has_its_name_again(tmp_path: Path) -> None:
    process, name = hold(tmp_path)
    assert claim_slot(Settings(data_dir=tmp_path), "cost").name != name
    process.kill()
    process.wait()
    again, same = hold(tmp_path)
    again.kill()
    again.wait()
    assert same == name


def test_a_released_name_is_free(tmp_path: Path) -> None:
    slot = claim_slot(Settings(data_dir=tmp_path), "cost")
    slot.release()
    assert claim_slot(Settings(data_dir=tmp_path), "cost").name == slot.name


def test_workers_of_two_folders_have_two_names(tmp_path: Path) -> None:
    one = claim_slot(Settings(data_dir=tmp_path / "a"), "cost")
    other = claim_slot(Settings(data_dir=tmp_path / "b"), "cost")
    assert one.name != other.name


def test_a_name_that_is_set_belongs_to_one_worker(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, worker_slot="ward-7")
    held = claim_slot(settings, "cost")
    assert held.name == "cost-ward-7"
    with pytest.raises(SlotTakenError, match="ward-7"):
        claim_slot(settings, "cost")
    held.release()
