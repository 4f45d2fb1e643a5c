"""Serves a GGUF file as an OpenAI-compatible API: small_model.py FOLDER PORT, until standard input closes."""
import sys

import xllamacpp

folder, port = sys.argv[1], int(sys.argv[2])
params = xllamacpp.CommonParams()
params.model.path = f"{folder}/model.gguf"
for name in ("hostnames", "hostname"):
    if hasattr(params, name):
        setattr(params, name, ["127.0.0.1"] if name == "hostnames" else "127.0.0.1")
        break
params.port = port
params.n_ctx = 8192
params.use_jinja = True
# Two threads contending for two cores are far slower than one.
params.cpuparams.n_threads = 1
server = xllamacpp.Server(params)
print("ready", flush=True)
sys.stdin.read()
