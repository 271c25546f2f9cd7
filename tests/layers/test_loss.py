import numpy as np
import pytest
from golden import Golden

from t2t_multimodel.layers.loss import cross_entropy, squared_error


@pytest.mark.parametrize("release", ["v1", "t2t190"])
@pytest.mark.parametrize("smoothing", [0.1, 0.0])
def test_is_tensor2tensors_cross_entropy(release, smoothing):
    golden = Golden(f"07_padded_cross_entropy_{release}")
    logits, labels = golden["in/logits"][:, :, 0, 0], golden["in/labels"][:, :, 0, 0]
    loss = np.asarray(cross_entropy(logits, labels, smoothing).loss)
    weights = (labels != 0).astype("float32")
    key = f"out/smoothing_{smoothing}"
    golden.check(weights, f"{key}/per_token_weight")
    golden.check(loss * weights, f"{key}/per_token_xent_times_weight")
    golden.check(np.sum(loss * weights), f"{key}/weights_nonzero/numerator")
    golden.check(np.sum(weights), f"{key}/weights_nonzero/denominator")
    golden.check(np.sum(loss), f"{key}/weights_all/numerator")


@pytest.mark.parametrize("release", ["v1", "t2t190"])
def test_padded_labels_weigh_nothing(release):
    golden = Golden(f"07_padded_cross_entropy_{release}")
    logits, labels = golden["in/logits"][:, :, 0, 0], golden["in/labels"][:, :, 0, 0].copy()
    labels[:, -2:] = 0
    weights = labels != 0
    loss = np.asarray(cross_entropy(logits, labels, 0.1).loss)
    golden.check(np.sum(loss * weights), "out/short_labels/numerator")
    golden.check(np.sum(weights), "out/short_labels/denominator")


def test_padded_logits_count_as_even_predictions():
    golden = Golden("07_padded_cross_entropy_t2t190")
    logits, labels = golden["in/logits"][:, :, 0, 0].copy(), golden["in/labels"][:, :, 0, 0]
    logits[:, -3:] = 0
    loss = np.asarray(cross_entropy(logits, labels, 0.1).loss)
    golden.check(np.sum(loss * (labels != 0)), "out/short_logits/numerator")


def test_scores_tell_nats_and_hits():
    logits = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]], "float32"))
    scores = cross_entropy(logits, np.array([0, 1]), label_smoothing=0.1)
    np.testing.assert_allclose(scores.nats, -np.log([0.7, 0.2]), rtol=1e-5)
    np.testing.assert_array_equal(scores.correct, [1.0, 0.0])


def test_the_best_smoothed_prediction_costs_nothing():
    target = np.array([[0.9, 0.05, 0.05]], "float32")
    scores = cross_entropy(np.log(target), np.array([0]), label_smoothing=0.1)
    np.testing.assert_allclose(scores.loss, [0.0], atol=1e-6)


def test_the_squared_error_is_the_mean_over_the_numbers_of_a_target() -> None:
    predicted = np.array([[[1.0, 2.0]], [[0.0, 0.0]]], np.float32)
    values = np.array([[[1.0, 4.0]], [[3.0, 1.0]]], np.float32)
    scores = squared_error(predicted, values)
    assert np.asarray(scores.loss).tolist() == [[2.0], [5.0]]
    assert list(scores.measures) == ["loss_squared_error"]
    np.testing.assert_array_equal(scores.measures["loss_squared_error"], scores.error)


def test_the_squared_error_of_single_numbers_is_of_each() -> None:
    assert np.asarray(squared_error(np.zeros((2, 1)), np.ones((2, 1)) * 3).error).tolist() == [
        [9.0],
        [9.0],
    ]
