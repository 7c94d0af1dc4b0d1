"""The rows of one model on the holdout."""

import numpy as np

NO_WEIGHT = "every row weighs 0"


class Rows:
    """True and predicted classes by number (or values, of regression), scores of the positive class or probabilities of every class, weights, clusters by number."""

    def __init__(self, true, predicted=None, score=None, probabilities=None, classes=(), weights=None, clusters=None, single=False):
        self.true, self.predicted, self.score, self.probabilities = true, predicted, score, probabilities
        self.classes, self.weights, self.clusters = list(classes), weights, clusters
        self.single = single
        self.width, self.n = len(self.classes), len(true)

    @property
    def designed(self):
        return self.weights is not None or self.clusters is not None

    @property
    def eps(self):
        """What scikit-learn keeps probabilities away from 0 and 1 by."""
        return float(np.finfo(np.float32 if self.single else float).eps)

    @property
    def w(self):
        return np.ones(self.n) if self.weights is None else self.weights

    def part(self, rows):
        at = lambda column: None if column is None else column[rows]
        return Rows(at(self.true), at(self.predicted), at(self.score), at(self.probabilities), self.classes, at(self.weights), at(self.clusters), self.single)

    def weighing(self):
        """Rows of weight 0 are none, and weights that are all alike are no weights."""
        if self.weights is None:
            return self
        part = self.part(self.weights > 0)
        if part.n == 0 or np.ptp(part.weights) == 0:
            part.weights = None
        return part
