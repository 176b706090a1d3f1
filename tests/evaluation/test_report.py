import numpy as np

from wsfcn_tf.evaluation.evaluator import Metrics
from wsfcn_tf.evaluation.report import comparison_table, table

METRICS = Metrics(
    miou=0.61567,
    pixel_accuracy=0.9,
    class_iou={"background": 0.875, "potted plant": float("nan")},
    map=1.0,
    images=1449,
    confusion=np.zeros((2, 2), np.int64),
)
NOTHING = Metrics(float("nan"), float("nan"), {}, float("nan"), 0, np.zeros((0, 0), np.int64))


def test_table():
    assert (
        table(METRICS, parameters=148_000_000, trainable=147_340_000)
        == """\
| class        | IoU % |
|--------------|------:|
| background   | 87.50 |
| potted plant |     - |

| summary            |       value |
|--------------------|------------:|
| mIoU %             |       61.57 |
| pixel accuracy %   |       90.00 |
| mAP %              |      100.00 |
| images             |       1,449 |
| parameters         | 148,000,000 |
| of these trainable | 147,340,000 |"""
    )


def test_comparison_table():
    assert (
        comparison_table([("WS-FCN", METRICS), ("nothing at all", NOTHING)])
        == """\
| method         | mIoU % | pixel accuracy % |  mAP % |
|----------------|-------:|-----------------:|-------:|
| WS-FCN         |  61.57 |            90.00 | 100.00 |
| nothing at all |      - |                - |      - |"""
    )
