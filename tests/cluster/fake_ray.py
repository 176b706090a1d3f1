"""As much of the module `ray` as `wsfcn_tf.cluster` uses, in this process."""

from types import SimpleNamespace


class RayError(Exception):
    pass


class ActorDiedError(RayError):
    pass


class RayTaskError(RayError):
    def __init__(self, cause):
        super().__init__(str(cause))
        self.cause = cause


class FakeRay:
    """Which of the calls that were begun ends next is drawn."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self, rng):
        self.rng, self.killed = rng, []

    def wait(self, references, num_returns, timeout):
        assert num_returns == 1 and references
        index = int(self.rng.integers(len(references)))
        return [references[index]], references[:index] + references[index + 1 :]

    def get(self, reference):
        return reference()

    def kill(self, actor):
        self.killed.append(actor)
