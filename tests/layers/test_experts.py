import numpy as np
import pytest
from golden import Golden, mixture

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.experts import MixtureOfExperts
from tests_layers_noise import GivenNoise
