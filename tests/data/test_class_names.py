from wsfcn_tf.data.class_names import COCO, VOC


def test_the_benchmarks_classes():
    assert (len(VOC), len(set(VOC))) == (20, 20)
    assert (len(COCO), len(set(COCO))) == (80, 80)
    assert (VOC[14], COCO[0], COCO[-1]) == ("person", "person", "toothbrush")
