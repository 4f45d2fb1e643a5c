#!/usr/bin/env bash
# A dataset of which half could not be judged reports that all of it passed.
#
# Expected: the mean of assertions counts each case of the dataset, or says in the same place how many it leaves out: a
#   task or an evaluator that raises has not passed.
# Package:  pydantic-evals 2.62.0 (PyPI).
# Seen:     of four cases the task raises in one and the evaluator in another. averages().assertions is 1.0. The case
#   whose task raised is in report.failures, the other is among the cases with an evaluator failure, and neither is in
#   the mean's denominator.
# Matters:  a gate in continuous integration that reads the mean passes on the day the judge's provider is down.
#
# Needs python3 with venv, and the package registry. Fails when what is seen changes.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet pydantic-evals==2.62.0
cat > program.py <<'PYTHON'
import warnings
from dataclasses import dataclass

from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Evaluator, EvaluatorContext

warnings.simplefilter("ignore")


@dataclass
class Right(Evaluator):
    def evaluate(self, ctx: EvaluatorContext) -> bool:
        if ctx.inputs == 3:
            raise RuntimeError("the judge is down")
        return ctx.output == ctx.inputs


def task(number: int) -> int:
    if number == 2:
        raise RuntimeError("the tool is down")
    return number


cases = [Case(name=str(number), inputs=number) for number in range(4)]
report = Dataset(name="four", cases=cases, evaluators=[Right()]).evaluate_sync(task, progress=False)
print("cases:", len(cases))
print("mean of assertions:", report.averages().assertions)
print("tasks that raised:", len(report.failures))
print("evaluators that raised:", sum(len(case.evaluator_failures) for case in report.cases))
PYTHON
python/bin/python program.py 2> /dev/null | tee seen
diff seen - <<'SEEN'
cases: 4
mean of assertions: 1.0
tasks that raised: 1
evaluators that raised: 1
SEEN
