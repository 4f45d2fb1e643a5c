"""Signs in to a demonstration and has schemathesis ask it for some seconds.

Usage: conform_openapi.py URL PASSWORD SECONDS CONFIGURATION
"""

import json
import os
import sys
import urllib.request

url, password, seconds, configuration = sys.argv[1:]
login = json.dumps({"email": "ada@demo.test", "password": password}).encode()
request = urllib.request.Request(
    url + "/api/auth/login", data=login, headers={"Content-Type": "application/json"}
)
with urllib.request.urlopen(request, timeout=30) as answer:
    token = json.load(answer)["access_token"]
schemathesis = os.path.join(os.path.dirname(sys.executable), "schemathesis")
command = [
    schemathesis,
    "--config-file",
    configuration,
    "run",
    url + "/openapi.json",
    "--checks",
    "all",
    "--max-time",
    seconds,
    "--header",
    "Authorization: Bearer " + token,
]
os.execv(schemathesis, command)
