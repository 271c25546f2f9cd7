import numpy as np
import pytest
from golden import Golden

from t2t_multimodel.layers.timing import timing, timing_halves


def test_papers_signal_interleaves_sine_and_cosine():
    signal = np.asarray(timing(7, 6))[0]
    for t in range(7):
        for d in range(0, 6, 2):
            rate = 1e4 ** (-d / 6)
            assert signal[t, d] == pytest.approx(np.sin(t * rate), abs=1e-6)
            assert signal[t, d + 1] == pytest.approx(np.cos(t * rate), abs=1e-6)


def test_v1_signal_of_16_timescales():
    golden = Golden("02_timing_signal_v1")
    golden.check(timing_halves(9, 32, 16), "out/signal_16_timescales")
    x = golden["in/x"][:, :, 0]
    golden.check(x + timing_halves(9, 48, 16), "out/add_timing_signal")
    golden.check(x + timing_halves(9, 48), "out/add_timing_signal_1d")
    golden.check(x[..., :-1] + timing_halves(9, 47), "out/add_timing_signal_1d_odd_channels")


@pytest.mark.parametrize("channels", [32, 33, 48, 6])
def test_release_signal_over_the_whole_depth(channels):
    Golden("02_timing_signal_t2t190").check(timing_halves(11, channels), f"out/signal_{channels}")


def test_release_signal_from_a_later_start():
    golden = Golden("02_timing_signal_t2t190")
    golden.check(timing_halves(11, 32, start=5), "out/signal_32_start5")


def test_release_signal_added():
    golden = Golden("02_timing_signal_t2t190")
    x = golden["in/x"][:, :, 0]
    golden.check(x + timing_halves(11, 40, 16), "out/add_timing_signal")
    golden.check(x + timing_halves(11, 40), "out/add_timing_signal_1d")
