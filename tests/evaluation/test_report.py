import numpy as np
import pytest

from wsfcn_tf.evaluation.metrics.accumulator import Accumulator
from wsfcn_tf.evaluation.report import class_csv, comparison_table, table


@pytest.fixture
def metrics():
    """Two images of 3 x 4 pixels, all within 1 pixel of a border or of the frame; class b is nowhere."""
    accumulator = Accumulator(["potted plant", "b"])
    truth = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 255]], np.uint8)
    accumulator.add("x", truth, np.array([[0, 0, 1, 1], [0, 1, 1, 1], [0, 0, 1, 1]], np.uint8), np.array([0.9, 0.2]))
    accumulator.add("y", np.zeros((3, 4), np.uint8), np.zeros((3, 4), np.uint8), np.array([0.4, 0.2]))
    return accumulator.metrics()


@pytest.fixture
def nothing():
    accumulator = Accumulator([])
    accumulator.add("x", np.full((2, 2), 255, np.uint8), np.zeros((2, 2), np.uint8), None)
    return accumulator.metrics()


def test_table(metrics):
    assert (
        table(metrics, parameters=148_000_000, trainable=147_340_000)
        == """\
| class        | IoU % | precision % | recall % | boundary IoU % |
|--------------|------:|------------:|---------:|---------------:|
| background   | 94.44 |      100.00 |    94.44 |          93.75 |
| potted plant | 83.33 |       83.33 |   100.00 |          83.33 |
| b            |     - |           - |        - |              - |

| summary                       |           value |
|-------------------------------|----------------:|
| mIoU %                        |           88.89 |
| 95 % interval of mIoU         | 83.33 to 100.00 |
| mIoU without background %     |           83.33 |
| boundary IoU %                |           88.54 |
| mIoU near borders %           |           73.33 |
| pixel accuracy %              |           95.65 |
| pixel accuracy near borders % |           85.71 |
| mean accuracy %               |           97.22 |
| mAP %                         |          100.00 |
| images                        |               2 |
| parameters                    |     148,000,000 |
| of these trainable            |     147,340,000 |"""
    )


def test_table_without_a_network(metrics):
    lines = table(metrics, parameters=None, trainable=None).splitlines()
    assert lines[-1].startswith("| images ")


def test_class_csv(metrics):
    assert class_csv(metrics) == (
        "class,iou,precision,recall,boundary_iou\n"
        "background,94.44,100.00,94.44,93.75\n"
        "potted plant,83.33,83.33,100.00,83.33\n"
        "b,,,,\n"
    )


def test_comparison_table(metrics, nothing):
    assert (
        comparison_table([("WS-FCN", metrics), ("nothing at all", nothing)])
        == """\
| method         | mIoU % | pixel accuracy % |  mAP % |
|----------------|-------:|-----------------:|-------:|
| WS-FCN         |  88.89 |            95.65 | 100.00 |
| nothing at all |      - |                - |      - |"""
    )
