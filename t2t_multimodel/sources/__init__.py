"""Problems out of usual files: subclass a kind, name your columns or endings, and register it."""

from t2t_multimodel.sources.class_folders import ClassFolders as ClassFolders
from t2t_multimodel.sources.coco_captions import CocoCaptions as CocoCaptions
from t2t_multimodel.sources.hf_dataset import HuggingFaceDataset as HuggingFaceDataset
from t2t_multimodel.sources.parallel_text import ParallelText as ParallelText
from t2t_multimodel.sources.sound_manifest import SoundManifest as SoundManifest
from t2t_multimodel.sources.table import Table as Table
from t2t_multimodel.sources.tfds_builder import TfdsBuilder as TfdsBuilder
from t2t_multimodel.sources.trees import Trees as Trees
from t2t_multimodel.sources.webdataset_tars import WebDatasetTars as WebDatasetTars
