"""Weights from elsewhere."""

from wsfcn_tf.weights.torch_state_dict import load_torch_state_dict, to_torch_state_dict

__all__ = ["load_torch_state_dict", "to_torch_state_dict"]
