"""What can go wrong in the model stand-in, by who acts next."""


class StandInError(Exception):
    """The base of the stand-in's errors."""


class ScenarioError(StandInError):
    """The scenario's author acts: the message names the scenario, the key and the fault."""


class BadRequestError(StandInError):
    """The caller acts: the request is not what the Messages API accepts."""
