"""How much memory is free, by what the system tells."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel.free_memory import free_memory


def test_the_machines_memory_and_the_containers_limit_bound_what_is_free(tmp_path: Path) -> None:
    proc, group = tmp_path / "proc", tmp_path / "group"
    assert free_memory(proc, group) is None
    proc.mkdir()
    (proc / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    5000 kB\n")
    assert free_memory(proc, group) == 5000 * 1024
    group.mkdir()
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("1000\n")
    (group / "memory.stat").write_text("anon 5\ninactive_file 300\n")
    assert free_memory(proc, group) == 5000 * 1024
    (group / "memory.max").write_text("4000\n")
    assert free_memory(proc, group) == 4000 - 1000 + 300
    (group / "memory.current").write_text("9000\n")
    assert free_memory(proc, group) == 0


def test_a_damaged_list_of_the_system_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemAvailable:\n")
    assert free_memory(tmp_path, tmp_path) is None
