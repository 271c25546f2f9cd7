"""Readers of the packages that hold the real data: files in, plain Python values out.

Nothing here knows of problems, vocabularies or shards. Each reader is a function of file
contents, written with the standard library, numpy, Pillow and soundfile alone; TensorFlow
Datasets is imported where its copies are read.
"""
