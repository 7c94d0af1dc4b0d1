"""The data sets that scikit-learn ships (without a download), each split at random, with the predictions of two real models on the holdout."""

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

SETS = {
    "breast_cancer": ("binary", datasets.load_breast_cancer),
    "iris": ("multiclass", datasets.load_iris),
    "wine": ("multiclass", datasets.load_wine),
    "digits": ("multiclass", datasets.load_digits),
    "diabetes": ("regression", datasets.load_diabetes),
    "linnerud": ("regression", datasets.load_linnerud),
}


def models_of(task, seed):
    if task == "regression":
        return [(RandomForestRegressor(20, random_state=seed), LinearRegression()), (DecisionTreeRegressor(max_depth=3), LinearRegression())][seed % 2]
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    return [(linear, GaussianNB()), (RandomForestClassifier(20, random_state=seed), linear)][seed % 2]


def columns_of(task, model, x):
    if task == "regression":
        return {"prediction": model.predict(x)}
    shares = model.predict_proba(x)
    if task == "binary":
        return {"score": shares[:, 1]}
    # The sum of shares may leave [0, 1] by rounding nowhere but in its last digit; the reader takes what is written.
    return {"prediction": model.predict(x), **{f"p_{name}": shares[:, index] for index, name in enumerate(model.classes_)}}


def write_real_sets(folder):
    written = []
    for name, (task, load) in SETS.items():
        x, y = load(return_X_y=True)
        y = y[:, 0] if y.ndim == 2 else y
        for seed, weighted in ((1, False), (2, False), (3, True)):
            train_x, test_x, train_y, test_y = train_test_split(x, y, test_size=0.4, random_state=seed)
            rng = np.random.default_rng(seed)
            label = f"real-{name}-{seed}"
            (folder / label).mkdir(exist_ok=True)
            common = {"id": [f"r{row}" for row in range(len(test_y))], "label": test_y, "region": rng.choice(["EU", "US"], len(test_y))}
            if weighted:
                common["weight"] = rng.exponential(size=len(test_y))
            for role, model in zip(("challenger", "champion"), models_of(task, seed)):
                model.fit(train_x, train_y)
                frame = pd.DataFrame({**common, **columns_of(task, model, test_x)})
                if role == "champion":
                    frame = frame.sample(frac=1, random_state=seed)
                frame.to_csv(folder / label / f"{role}.csv", index=False)
            written.append(
                {
                    "name": label,
                    "seed": seed,
                    "task": task,
                    "traits": ["real", *(["weights"] if weighted else [])],
                    "confidence": 0.95,
                    "positive": None,
                    "threshold": 0.5 if task == "binary" else None,
                    "slice": "region" if seed == 1 else None,
                    "weighted": weighted,
                    "clustered": False,
                    "robust": False,
                    "single": False,
                    "fairness": {"min_support": 5, "reference": None} if task == "binary" else None,
                }
            )
    return written
