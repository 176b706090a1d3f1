"""The one thing that pyproject.toml cannot say: a wheel carries configs/, as wsfcn_tf/config/experiments/."""

from setuptools import find_namespace_packages, setup

_EXPERIMENTS = "wsfcn_tf.config.experiments"

setup(
    packages=[*find_namespace_packages(include=["wsfcn_tf*"]), _EXPERIMENTS, f"{_EXPERIMENTS}.inference"],
    package_dir={_EXPERIMENTS: "configs"},
)
