"""Computes figures of evaluations by the peers' packages and by ours, and compares them.

Usage: conform_evals.py FIGURES
"""

import datetime
import itertools
import json
import math
import random
import re
import subprocess
import sys
import time
import warnings

import numpy
import scipy.stats
from inspect_ai.scorer import Score, pass_k
from pydantic_evals.evaluators import EvaluatorContext, TrajectoryMatch
from pydantic_evals.otel.span_tree import SpanNode, SpanTree
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

seed = time.time_ns() % 2**32
rng = random.Random(seed)
print(f"seed {seed}")
warnings.simplefilter("ignore")


def ours(questions):
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    run = subprocess.run([sys.argv[1]], input=lines, text=True, capture_output=True, check=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(questions), (len(answers), len(questions))
    return answers


def compare(name, questions, theirs, near):
    answers = ours(questions)
    apart = [
        (question, is_ours, is_theirs)
        for question, is_ours, is_theirs in zip(questions, answers, theirs)
        if not near(is_ours, is_theirs)
    ]
    print(f"{name}: {len(questions)} compared, {len(apart)} apart")
    for question, is_ours, is_theirs in apart[:5]:
        print(f"  {question}: ours {is_ours}, theirs {is_theirs}")
    return bool(apart)


def close(is_ours, is_theirs):
    if is_ours is None or math.isnan(is_theirs):
        return is_ours is None and math.isnan(is_theirs)
    return math.isclose(is_ours, is_theirs, rel_tol=1e-9, abs_tol=1e-12)


def passes():
    cases = [(p, n, k) for n in range(1, 13) for p in range(n + 1) for k in range(1, 14)]
    questions = [{"figure": "pass_hat", "passed": p, "started": n, "k": k} for p, n, k in cases]

    def theirs(p, n, k):
        return pass_k(k)([Score(value=1.0)] * p + [Score(value=0.0)] * (n - p)).as_float()

    return compare("pass^k, inspect-ai", questions, [theirs(*case) for case in cases], close)


def tests():
    cases = [(a, b) for a in range(40) for b in range(40) if a + b] + [(300, 350), (2000, 2100)]
    questions = [{"figure": "mcnemar", "fixed": a, "broke": b} for a, b in cases]
    theirs = [mcnemar([[7, a], [b, 9]], exact=True).pvalue for a, b in cases]
    return compare("exact McNemar, statsmodels", questions, theirs, close)


def intervals():
    cases = [(some, n) for n in (1, 2, 5, 10, 47, 160, 1000) for some in sorted({0, 1, n // 3, n - 1, n}) if some <= n]
    questions = [{"figure": "wilson", "some": some, "all": n} for some, n in cases]
    theirs = [proportion_confint(some, n, method="wilson") for some, n in cases]

    def near(is_ours, is_theirs):
        return close(is_ours["low"], float(is_theirs[0])) and close(is_ours["high"], float(is_theirs[1]))

    return compare("Wilson, statsmodels", questions, theirs, near)


def bootstraps():
    samples = [[rng.choice([0.0, 0.5, 1.0]) for _ in range(n)] for n in (8, 20, 60, 160) for _ in range(4)]
    samples = [values for values in samples if len(set(values)) > 1]
    samples += [[rng.choice([-1.0, 0.0, 0.0, 1.0]) + 0.0 for _ in range(80)] for _ in range(4)]
    questions = [{"figure": "bootstrap", "values": values} for values in samples]

    def theirs(values):
        result = scipy.stats.bootstrap(
            (numpy.array(values),), numpy.mean, n_resamples=10_000, method="percentile", rng=seed
        )
        # Two bootstraps of 10,000 draws differ by chance: six standard errors of the bound are allowed, which is
        # about 0.027 standard errors of the mean, and one step of the means that these values can have.
        allowed = 6 * 0.027 * float(result.standard_error) + 0.5 / len(values)
        interval = result.confidence_interval
        return float(interval.low), float(interval.high), allowed

    def near(is_ours, is_theirs):
        low, high, allowed = is_theirs
        return abs(is_ours["low"] - low) <= allowed and abs(is_ours["high"] - high) <= allowed

    return compare("percentile bootstrap, scipy", questions, [theirs(values) for values in samples], near)


def context(made):
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    at = [start + datetime.timedelta(seconds=second) for second in range(len(made) + 1)]
    spans = [
        SpanNode(
            name=f"execute_tool {name}",
            trace_id=1,
            span_id=index + 1,
            parent_span_id=None,
            start_timestamp=at[index],
            end_timestamp=at[index + 1],
            attributes={"gen_ai.tool.name": name},
        )
        for index, name in enumerate(made)
    ]
    tree = SpanTree()
    tree.add_spans(spans)
    return EvaluatorContext(
        name="a", inputs=None, metadata=None, expected_output=None, output=None, duration=0.0,
        _span_tree=tree, attributes={}, metrics={},
    )


def trajectories():
    lists = [list(names) for n in range(4) for names in itertools.product("ab", repeat=n)]
    pairs = [(expected, made) for expected in lists for made in lists]
    questions, theirs = [], []
    for mode in ("exact", "in_order", "any_order"):
        for expected, made in pairs:
            result = TrajectoryMatch(expected_trajectory=expected, order=mode).evaluate(context(made))
            if mode == "in_order":
                # Theirs is an F1 score; ours passes where its recall is whole. Of an empty list they tell none.
                if not expected or not made:
                    continue
                recall = re.search(r"recall=(\d+)/(\d+)", result.reason)
                theirs.append(recall[1] == recall[2])
            else:
                theirs.append(result.value == 1.0)
            questions.append({"figure": "trajectory", "mode": mode, "expected": expected, "made": made})
    return compare("trajectories, pydantic-evals", questions, theirs, lambda is_ours, is_theirs: is_ours == is_theirs)


apart = [part() for part in (passes, tests, intervals, bootstraps, trajectories)]
sys.exit(any(apart))
