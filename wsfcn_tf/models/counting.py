"""How large a network is."""

import keras
import numpy as np


def count_parameters(model: keras.Model) -> tuple[int, int]:
    """The number of a model's parameters, and of those that training updates (the papers' "Params")."""

    def total(variables: list) -> int:
        return int(sum(np.prod(variable.shape) for variable in variables))

    return total(model.weights), total(model.trainable_variables)
