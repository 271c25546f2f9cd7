"""The commands: each module is flags and one call."""

if __name__ != "t2t_multimodel.bin":
    raise ImportError("import t2t_multimodel.bin, not bin: it is the folder of the commands")
