"""Other programs at the same work, for `bench/speed_table.py`."""
