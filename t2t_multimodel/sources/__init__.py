"""Problems out of usual files: subclass a kind, name your columns or endings, and register it."""

from t2t_multimodel.sources.class_folders import ClassFolders as ClassFolders
from t2t_multimodel.sources.parallel_text import ParallelText as ParallelText
from t2t_multimodel.sources.table import Table as Table
