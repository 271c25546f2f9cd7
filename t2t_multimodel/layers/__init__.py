"""Layers of the body and of the modality nets, in keras.ops. One layer family a file."""
