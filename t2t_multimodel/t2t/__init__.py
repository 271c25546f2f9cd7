"""The networks that Tensor2Tensor shipped: bodies, modality nets, schedules."""
