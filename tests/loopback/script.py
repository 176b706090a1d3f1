"""What loopback servers do before they predict."""

from loopback.model import Failure


class Script:
    """Before a prediction: each step once, then nothing; `calls` counts predictions."""

    def __init__(self):
        self.steps, self.calls = [], 0

    def __call__(self):
        self.calls += 1
        if self.steps:
            self.steps.pop(0)()


def fail(code):
    """A step that ends a prediction."""

    def step():
        raise Failure(code, f"it is {code}\nin two lines")

    return step
