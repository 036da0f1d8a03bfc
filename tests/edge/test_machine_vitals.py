"""Reading a machine that is made of files, and one that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.routing.vitals import Reading, Sign, Strain
from edge.vitals import Vitals, read
from tidegate.clock import FixedClock


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


BATTERY = "sys/class/power_supply/BAT0/"
MOUSE = "sys/class/power_supply/hid-mouse/"


def test_a_whole_machine_is_read(tmp_path: Path) -> None:
    machine(
        tmp_path,
        {
            BATTERY + "type": "Battery\n",
            BATTERY + "capacity": "42\n",
            BATTERY + "status": "Discharging\n",
            MOUSE + "type": "Battery\n",
            MOUSE + "scope": "Device\n",
            MOUSE + "capacity": "3\n",
            "sys/class/power_supply/AC/type": "Mains\n",
            "sys/class/thermal/thermal_zone0/temp": "61500\n",
            "sys/class/thermal/thermal_zone1/temp": "72000\n",
            "sys/class/thermal/thermal_zone2/temp": "-274000\n",  # a sensor that is not there
            "sys/class/thermal/cooling_device0/temp": "99000\n",
            "proc/meminfo": "MemTotal: 2000000 kB\nMemAvailable:   500000 kB\n",
            "proc/pressure/memory": "some avg10=1.50 avg60=0.10 avg300=0.00 total=1\nfull avg10=9.00 total=1\n",
        },
    )
    assert read(tmp_path, 3) == Reading(0.42, False, 72.0, 512.0, 1.5, 3)


def test_what_is_left_to_its_control_group_counts_when_that_is_less(tmp_path: Path) -> None:
    machine(
        tmp_path,
        {
            "proc/meminfo": "MemAvailable: 8000000 kB\n",
            "sys/fs/cgroup/memory.max": "300000000\n",
            "sys/fs/cgroup/memory.current": "250000000\n",
            "sys/fs/cgroup/memory.stat": "anon 1\ninactive_file 20000000\n",
        },
    )
    assert read(tmp_path, 0).memory_mb == pytest.approx(70.0)
    (tmp_path / "sys/fs/cgroup/memory.max").write_text("max\n")
    assert read(tmp_path, 0).memory_mb == pytest.approx(8192.0)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {BATTERY + "type": "Battery", BATTERY + "capacity": "full"},
        {BATTERY + "type": "Battery", BATTERY + "capacity": "900"},
        {"sys/class/thermal/thermal_zone0/temp": ""},
        {"proc/meminfo": "MemAvailable: lots kB"},
        {"proc/pressure/memory": "some avg10=\u00e9"},
        {"proc/pressure/memory": "nothing"},
        {"sys/class/thermal": "a file"},
    ],
)
def test_files_that_are_absent_or_absurd_are_no_sign_and_no_error(
    tmp_path: Path, files: dict[str, str]
) -> None:
    assert read(machine(tmp_path, files), 0) == Reading()


def test_the_files_are_read_again_after_a_while_and_the_queue_each_time(tmp_path: Path) -> None:
    clock, queue = FixedClock(), [0]
    zone = "sys/class/thermal/thermal_zone0/temp"
    machine(tmp_path, {zone: "50000"})
    vitals = Vitals(clock, lambda: queue[0], root=tmp_path)
    assert vitals.now().strain is Strain.NONE
    machine(tmp_path, {zone: "96000"})
    queue[0] = 20
    found = vitals.now()
    assert (found.strain, found.sign, found.reading.heat_c) == (Strain.SHORTER, Sign.QUEUE, 50.0)
    clock.advance(5.0)
    found = vitals.now()
    assert (found.strain, found.sign, found.reading.heat_c) == (Strain.ESCALATE, Sign.HEAT, 96.0)


def test_this_machine_can_be_read_whatever_it_is() -> None:
    found = read(Path("/"), 0)
    assert found.memory_mb is None or found.memory_mb > 0
