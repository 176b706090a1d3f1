"""The commands that would fill a row of the paper's tables."""

from collections.abc import Sequence

from wsfcn_tf.evaluation.paper.rows import PaperRow

_MULTI_SCALE = "inference.scales=[1,0.5,1.5,2]"
_TAGS = ("inference.classes=tags", "inference.background=power", "inference.background_value=3")  # the "§" rows
_CRF = ("inference.crf.iterations=10",)
_SSSS_CRF = (*_CRF, "inference.crf.background_power=0", "inference.crf.bilateral_sxy=80")


def training_of(row: PaperRow) -> tuple[str, tuple[str, ...], str]:
    """How a row's network is trained: the config file, the settings on top of it, and a name for the run.

    Args:
        row: one with a setup.
    """
    setup = row.setup
    if setup.dataset == "COCO 2014":
        stem, data, default = "coco2014", "COCO2014", ("fca", "sf2")
    elif (setup.context, setup.fusion) == ("aspp", "gci"):
        stem, data, default = "voc2012_ssss", "VOC2012_aug", ("aspp", "gci")
    else:
        stem, data, default = "voc2012", "VOC2012_aug", ("fca", "sf2")
    settings, name = (f"data.root={data}",), stem
    if (setup.context, setup.fusion) != default:
        settings += (f"model.context={setup.context}", f"model.fusion={setup.fusion}")
        name += f"-{setup.context}-{setup.fusion}"
    return f"configs/{stem}.yaml", settings, name


def inference_of(row: PaperRow) -> tuple[str, ...]:
    """The settings of `evaluate` for a row with a setup."""
    setup = row.setup
    settings = (_MULTI_SCALE,) if len(setup.scales) > 1 else ()
    settings += ("inference.flip=true",) if setup.flip else ()
    settings += _TAGS if setup.tags else ()
    if setup.crf:
        settings += _SSSS_CRF if (setup.context, setup.fusion) == ("aspp", "gci") else _CRF
    return settings


def commands(rows: Sequence[PaperRow], results: str) -> str:
    """The lines of a shell that train and evaluate for some rows: each network once, then a line for each result.

    Args:
        rows: with setups.
        results: the folder of the results, for the runs.
    """
    runs: dict[str, dict[str, list[str]]] = {}  # {training: {evaluation: rows}}
    for row in rows:
        config, settings, name = training_of(row)
        training = f"python train.py --config {config}{_set(settings)} --output {results}/{name}"
        evaluation = _evaluation(row, f"{results}/{name}")
        runs.setdefault(training, {}).setdefault(evaluation, []).append(
            f"Table {row.table}: {row.method}, {row.setting}"
        )
    return "\n".join(
        line
        for training, evaluations in runs.items()
        for line in (training, *(f"  {command}  # {'; '.join(rows)}" for command, rows in evaluations.items()))
    )


def _evaluation(row: PaperRow, run: str) -> str:
    views = row.setting.replace("+", "-").lower() + ("-tags" if row.setup.tags else "")
    rest = f"--weights {run} --split {row.split}{_set(inference_of(row))} --output {run}/{row.split}-{views}"
    if row.split == "test":  # its masks are not public
        return f"python -m wsfcn_tf predict {rest}"
    return f"python evaluate.py {rest}"


def _set(settings: tuple[str, ...]) -> str:
    return "".join(f" --set '{each}'" if "[" in each else f" --set {each}" for each in settings)
