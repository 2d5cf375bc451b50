# SPDX-License-Identifier: Apache-2.0
"""What calls handler.py, in place of AWS's own runtime for Python: the runtime API over one connection, and no more."""
import http.client
import json
import os

import handler

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = api.getresponse()
    request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    result = handler.handler(json.loads(answer.read()), None)
    api.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", json.dumps(result))
    api.getresponse().read()
