"""The net of `vectors.Vector`, in a file of its own: problems are listed without Keras."""

from keras import ops

from t2t_multimodel import Embedded, Modality, register_modality


@register_modality("vector")
class VectorNet(Modality):
    """A linear map into the body's channels and one out of them. B batch, D width."""

    def make_weights(self):
        n, width = self.signature.shape[0], self.config.hidden_size
        self.into = self.add_weight(shape=(n, width), initializer="glorot_uniform", name="into")
        self.out = self.add_weight(shape=(width, n), initializer="glorot_uniform", name="out")

    def embed(self, values, lengths_B, mode=None):
        x_BD = ops.matmul(ops.cast(values, self.compute_dtype), self.into)
        mask_B = ops.cast(ops.convert_to_tensor(lengths_B) > 0, "float32")
        return Embedded(x_BD[:, None], mask_B[:, None], (1, 1))

    def logits(self, h_BTD, mask_BT, grid):
        return ops.matmul(h_BTD, self.out)
