# SPDX-License-Identifier: Apache-2.0
"""The HTTP side: AWS's endpoints by POST /, and the control of redshim itself, all in JSON:

    GET /health                         200 once everything answers
    GET /addresses                      host, port, database, ca (a file) and users of the wire protocol
    GET, DELETE /statements             the statements seen, oldest first (faults.py); GET /statements?session=3 those of one session
    GET, PUT /faults                    the rules (faults.py)
    GET, PUT /isolation                 {"level": "SERIALIZABLE"}, for sessions that begin after it
    GET, POST /clock                    {"advance": seconds} puts the simulated clock forward
    PUT /roles                          which role chains may read with which keys (server.py)
    PUT /load_errors                    {"recorded": false}: SYS_LOAD_ERROR_DETAIL and STL_LOAD_ERRORS get nothing, as for some errors of Spectrum;
                                        {"recorded": true, "sys": false}: only STL_LOAD_ERRORS gets it
    PUT /codecs                         which compressions of Parquet COPY reads: ["SNAPPY", "ZSTD"]
    PUT /limits                         {"active_statements": 200, "active_sessions": 500} of the Data API
    POST, DELETE /databases             {"name": "a", "template": "dev"} makes one like another; DELETE /databases?name=a
    POST /stop                          ends redshim; answers when PostgreSQL has ended"""
import json
import urllib.parse

import loopback_http
import signatures
from credential_api import cluster_credentials, error_xml, serverless_credentials
from data_api import AwsError


class Front(loopback_http.Handler):
    def do_POST(self):
        if self.path.split("?")[0] != "/":
            return self._control()
        body = self.read_body()
        service, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
        try:
            if not service:
                self._check_signed("redshift", body)
                form = dict(urllib.parse.parse_qsl(body.decode()))
                if form.get("Action") != "GetClusterCredentials":
                    raise AwsError("InvalidAction", f"redshim does not cover {form.get('Action')}")
                return self._send(200, "text/xml", cluster_credentials(self.server.parts, form))
            self._check_signed({"RedshiftData": "redshift-data", "RedshiftServerless": "redshift-serverless"}.get(service), body)
            given = json.loads(body or b"{}")
            if (service, operation) == ("RedshiftServerless", "GetCredentials"):
                return self._answer(200, serverless_credentials(self.server.parts, given))
            if service != "RedshiftData":
                raise AwsError("UnknownOperationException", f"redshim does not cover {service}.{operation}")
            return self._answer(200, self.server.parts.data_api.call(operation, given))
        except AwsError as why:
            if not service:
                return self._send(why.status, "text/xml", error_xml(why))
            return self._answer(why.status, {"__type": why.kind, "Message": why.message})
        except (ValueError, KeyError, TypeError) as why:
            return self._answer(400, {"__type": "SerializationException", "Message": f"{type(why).__name__}: {why}"})

    def _check_signed(self, service, body):
        parts = self.server.parts
        signatures.check(parts.keys, service, self.command, self.path, self.headers, body, parts.tokens)

    def _control(self):
        shim, body = self.server.parts, self.read_body()
        path, _, query = self.path.partition("?")
        call = _CALLS.get((self.command, path))
        status, said = 200, None
        try:
            if call is None:
                status, said = 404, "there is " + ", ".join(" ".join(name) for name in _CALLS)
            else:
                said = call(shim, json.loads(body or b"null"), dict(urllib.parse.parse_qsl(query)))
        except Exception as why:  # the request is not ours
            status, said = 400, f"{type(why).__name__}: {why}"
        return self._answer(status, said)

    do_GET = do_PUT = do_DELETE = _control

    def _answer(self, status, said):
        self._send(status, "application/x-amz-json-1.1", json.dumps(said))

    def _send(self, status, kind, said):
        body = said.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _statements(shim, body, query):
    return [line for line in shim.faults.log() if str(line["session"]) == query.get("session", str(line["session"]))]


def _stop(shim, body, query):
    shim.postgres.stop()
    shim.stopping.set()


def _set_roles(shim, body, query):
    shim.s3.set_roles(body)


def _set_load_errors(shim, body, query):
    shim.records_load_errors, shim.sys_has_load_errors = bool(body["recorded"]), bool(body.get("sys", True))


def _set_codecs(shim, body, query):
    shim.codecs = frozenset(body)


def _set_limits(shim, body, query):
    shim.data_api.limit = body.get("active_statements", shim.data_api.limit)
    shim.data_api.session_limit = body.get("active_sessions", shim.data_api.session_limit)


_CALLS = {
    ("GET", "/health"): lambda shim, body, query: "ready",
    ("GET", "/addresses"): lambda shim, body, query: shim.addresses(),
    ("GET", "/statements"): _statements,
    ("DELETE", "/statements"): lambda shim, body, query: shim.faults.forget_log(),
    ("GET", "/faults"): lambda shim, body, query: shim.faults.rules(),
    ("PUT", "/faults"): lambda shim, body, query: shim.faults.set_rules(body),
    ("GET", "/isolation"): lambda shim, body, query: {"level": shim.isolation},
    ("PUT", "/isolation"): lambda shim, body, query: shim.set_isolation(body["level"]),
    ("GET", "/clock"): lambda shim, body, query: {"now": shim.clock.now()},
    ("POST", "/clock"): lambda shim, body, query: shim.clock.advance(float(body["advance"])),
    ("PUT", "/roles"): _set_roles,
    ("PUT", "/load_errors"): _set_load_errors,
    ("PUT", "/codecs"): _set_codecs,
    ("PUT", "/limits"): _set_limits,
    ("POST", "/databases"): lambda shim, body, query: shim.create_database(body["name"], body.get("template", shim.database)),
    ("DELETE", "/databases"): lambda shim, body, query: shim.drop_database(query["name"]),
    ("POST", "/stop"): _stop,
}
