from networks import shallow_network, small_network, smallest_network

from wsfcn_tf.models.counting import count_multiply_adds, count_parameters


def test_parameters():
    model = small_network(head="cam")
    total, trainable = count_parameters(model)
    assert total == sum(int(weight.numpy().size) for weight in model.weights)
    frozen = sum(int(weight.numpy().size) for weight in model.weights) - trainable
    assert frozen == sum(int(weight.numpy().size) for weight in model.non_trainable_variables) > 0


def test_multiply_adds_of_the_classifier_grow_with_the_classes():
    few, many = (count_multiply_adds(smallest_network(num_classes=classes), side=32) for classes in (3, 13))
    assert many - few == 10 * 16 * 8 * 8  # ten more 1x1 over 16 channels, on the map of stride 4


def test_multiply_adds_of_a_convolutional_network_grow_with_the_pixels():
    model = shallow_network(context="large_kernel", fusion="sum")
    small, large = (count_multiply_adds(model, side) for side in (32, 64))
    assert large == 4 * small
    assert small > 27 * 64 * 32 * 32  # of the first layer alone: 3x3x3 -> 64 at every pixel
