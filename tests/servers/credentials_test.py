# SPDX-License-Identifier: Apache-2.0
"""The credentials that AWS gives a program whose environment has none: web identity, single sign-on, the endpoints of containers, and the instance
metadata service, version 2.

Who gives them has names and addresses that no configuration changes, and TLS. So the test runs in a network and a mount namespace of its own, in
which these addresses, the names of the services and the authority of their certificate are the test's. moto is STS and the metadata service, which
know what they gave; it has no portal of single sign-on and no agent of a container, whose one answer each is here, as AWS documents them
(GetRoleCredentials; "Container credential provider" of the SDKs' reference guide).
"""
import contextlib
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

import own_network
import servers
from loopback_http import Handler, Listener
from smoke import client

REGION = "eu-west-1"
STS, PORTAL, METADATA = f"sts.{REGION}.amazonaws.com", f"portal.sso.{REGION}.amazonaws.com", "169.254.169.254"
BUCKET = f"acme-raw.s3.{REGION}.amazonaws.com"
ECS, EKS = "169.254.170.2", "169.254.170.23"
ROLE = "arn:aws:iam::123456789012:role/sluice"


class Front(Handler):
    """Notes what is asked and passes it on to moto, but for what the portal and the agents are asked."""

    def answer(self):
        body, host = self.read_body(), self.headers["Host"]
        self.server.parts["asked"].append((host, self.command, self.path, dict(self.headers), body.decode()))
        if host == PORTAL:
            status, answer, kind = self.of_portal()
        elif host in (ECS, EKS):
            status, answer, kind = self.of_container()
        elif self.path == "/latest/api/token" and self.server.parts["refuses_tokens"]:
            status, answer, kind = 403, b"", "text/plain"
        else:
            moto = http.client.HTTPConnection(urllib.parse.urlsplit(self.server.parts["moto"]).netloc)
            with contextlib.closing(moto):
                moto.request(self.command, self.path, body, dict(self.headers))
                had = moto.getresponse()
                status, answer, kind = had.status, had.read(), had.headers.get("Content-Type", "text/plain")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_PUT = do_POST = answer

    def of_portal(self):
        if self.headers["x-amz-sso_bearer_token"] != "signed-on":
            return 401, b'{"message":"Session token not found or invalid"}', "application/json"
        in_an_hour = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return 200, json.dumps({"roleCredentials": {"accessKeyId": "ASIAOFTHEPORTAL", "secretAccessKey": "s", "sessionToken": "token-of-portal",
                                                    "expiration": int(in_an_hour.timestamp() * 1000)}}).encode(), "application/json"

    def of_container(self):
        return 200, json.dumps({"AccessKeyId": "ASIAOFCONTAINER", "SecretAccessKey": "s", "Token": "token-of-container",
                                "Expiration": "2099-01-01T00:00:00Z"}).encode(), "application/json"


@own_network.needed
class GivenCredentials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sluice-credentials-")))
        made = own_network.Certificate(cls.folder, "services", [STS, PORTAL, BUCKET])
        own_network.begin(cls.folder, names=[STS, PORTAL, BUCKET], authorities=[made], addresses=[METADATA, ECS, EKS])
        cls.moto = cls.enterClassContext(servers.moto()).address
        cls.asked = []
        cls.parts = parts = {"moto": cls.moto, "asked": cls.asked, "refuses_tokens": False}
        addresses = [Listener(Front, parts, 80, one) for one in (METADATA, ECS, EKS)]
        services = Listener(Front, parts, 443)
        services.socket = made.context().wrap_socket(services.socket, server_side=True)
        for one in *addresses, services:
            cls.enterClassContext(one)
        cls.control("recorder/start-recording")

    @classmethod
    def control(cls, what):
        with urllib.request.urlopen(urllib.request.Request(f"{cls.moto}/moto-api/{what}", method="POST")) as answer:
            return answer.read().decode()

    def setUp(self):
        self.asked.clear()
        self.parts["refuses_tokens"] = False
        self.control("recorder/reset-recording")
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="sluice-home-")))
        (self.home / "sluice.yaml").write_text(f"""
name: tracking
region: {REGION}
source: {{sqs: "{self.moto}/123456789012/tracking"}}
raw: {{url: "dir:{self.home}/raw", notifications: "{self.moto}/123456789012/raw-created"}}
parquet: {{url: "dir:{self.home}/parquet"}}
quarantine: {{url: "dir:{self.home}/quarantine"}}
warehouse: {{duckdb: "{self.home}/warehouse.duckdb"}}
tables:
  - {{ddl: {servers.HERE.parents[1]}/examples/tracking/utm.sql, when: {{has: source}}, unique: [request_id]}}
""")
        for queue in "tracking", "raw-created":
            urllib.request.urlopen(urllib.request.Request(self.moto, f"Action=CreateQueue&QueueName={queue}&Version=2012-11-05".encode(), {
                "Authorization": f"AWS4-HMAC-SHA256 Credential=maker/20260101/{REGION}/sqs/aws4_request, SignedHeaders=host, Signature=0"})).close()

    def land(self, exit_code=0, **environment):
        """Everything that the program has of its surroundings: a home, and `environment`."""
        done = subprocess.run([os.environ["SLUICE_PROGRAM"], "--config", self.home / "sluice.yaml", "land", "--once"], capture_output=True, text=True,
                              env={"HOME": str(self.home), "TZ": "UTC", **environment}, timeout=120)
        self.assertEqual(done.returncode, exit_code, done.stderr)
        return done.stderr

    def signed_with(self):
        """Access key and session token of what reached the queue."""
        reached = [json.loads(line)["headers"] for line in self.control_get("recorder/download-recording").splitlines()]
        of_queue = [headers for headers in reached if f"/{REGION}/sqs/aws4_request" in headers.get("Authorization", "")
                    and "Credential=maker/" not in headers["Authorization"]]
        self.assertTrue(of_queue, reached)
        return {(headers["Authorization"].split("Credential=")[1].split("/")[0], headers.get("X-Amz-Security-Token")) for headers in of_queue}

    def control_get(self, what):
        with urllib.request.urlopen(f"{self.moto}/moto-api/{what}") as answer:
            return answer.read().decode()

    def test_web_identity(self):
        """As EKS gives a pod the role of its service account."""
        (self.home / "token").write_text("the.web.token")
        self.land(AWS_WEB_IDENTITY_TOKEN_FILE=str(self.home / "token"), AWS_ROLE_ARN=ROLE, AWS_ROLE_SESSION_NAME="sluice", AWS_REGION=REGION)
        (host, _, _, headers, body), = self.asked
        asked = dict(urllib.parse.parse_qsl(body))
        self.assertEqual((host, asked["Action"], asked["RoleArn"], asked["WebIdentityToken"]), (STS, "AssumeRoleWithWebIdentity", ROLE, "the.web.token"))
        self.assertNotIn("Authorization", headers)
        (key, token), = self.signed_with()
        self.assertTrue(key.startswith("ASIA") and token, (key, token))

    def test_a_chain_of_roles(self):
        """A role of a profile, whose credentials ask for the one of the configuration."""
        another = ROLE + "-land"
        (self.home / ".aws").mkdir()
        (self.home / ".aws/config").write_text(f"[profile of-role]\nrole_arn = {ROLE}\nsource_profile = keys\nregion = {REGION}\n")
        (self.home / ".aws/credentials").write_text("[keys]\naws_access_key_id = AKIDOFPROFILE\naws_secret_access_key = s\n")
        config = self.home / "sluice.yaml"
        config.write_text(config.read_text().replace('/tracking"}', f'/tracking", assume_role: {{arn: "{another}", external_id: "env:EXTERNAL_ID"}}}}'))
        self.land(AWS_PROFILE="of-role", EXTERNAL_ID="both-know-it")
        steps = [(host, dict(urllib.parse.parse_qsl(body)), headers["Authorization"].split("Credential=")[1].split("/")[0])
                 for host, _, _, headers, body in self.asked]
        self.assertEqual([(host, asked["Action"], asked["RoleArn"], asked.get("ExternalId")) for host, asked, _ in steps],
                         [(STS, "AssumeRole", ROLE, None), (STS, "AssumeRole", another, "both-know-it")])
        self.assertEqual(steps[0][2], "AKIDOFPROFILE")
        self.assertTrue(steps[1][2].startswith("ASIA"), steps[1])
        signed = dict(self.signed_with())
        self.assertTrue(signed.pop(steps[1][2]), "the profile's role asks the queue of notifications")
        (key, token), = signed.items()
        self.assertTrue(key.startswith("ASIA") and token, (key, token))

    def sign_on(self, profile, name, until):
        (self.home / ".aws/sso/cache").mkdir(parents=True)
        (self.home / ".aws/config").write_text(profile)
        (self.home / f".aws/sso/cache/{hashlib.sha1(name.encode()).hexdigest()}.json").write_text(json.dumps(
            {"accessToken": "signed-on", "expiresAt": until, "region": REGION, "startUrl": "https://acme.example/start"}))

    def assert_portal_gave(self, profile):
        self.land(AWS_PROFILE=profile)
        (host, method, path, _, _), = self.asked
        self.assertEqual((host, method, path), (PORTAL, "GET", "/federation/credentials?account_id=123456789012&role_name=sluice"))
        self.assertEqual(self.signed_with(), {("ASIAOFTHEPORTAL", "token-of-portal")})

    SESSION = (f"[profile of-session]\nsso_session = acme\nsso_account_id = 123456789012\nsso_role_name = sluice\n"
               f"[sso-session acme]\nsso_region = {REGION}\nsso_start_url = https://acme.example/start\n")

    def test_single_sign_on(self):
        self.sign_on(self.SESSION, "acme", "2099-01-01T00:00:00Z")
        self.assert_portal_gave("of-session")

    def test_single_sign_on_without_a_session(self):
        self.sign_on(f"[profile legacy]\nsso_start_url = https://acme.example/start\nsso_region = {REGION}\nsso_account_id = 123456789012\n"
                     "sso_role_name = sluice\n", "https://acme.example/start", "2099-01-01T00:00:00Z")
        self.assert_portal_gave("legacy")

    def test_who_is_signed_on_no_longer_is_told_to_sign_on(self):
        self.sign_on(self.SESSION, "acme", "2020-01-01T00:00:00Z")
        self.assertIn("single sign-on (aws sso login) says: ", self.land(1, AWS_PROFILE="of-session"))
        self.assertEqual(self.asked, [])

    def test_keys_of_the_profile_come_before_single_sign_on(self):
        """As tools leave them there that copy what a sign-on gave."""
        self.sign_on(self.SESSION, "acme", "2020-01-01T00:00:00Z")
        (self.home / ".aws/credentials").write_text("[of-session]\naws_access_key_id = AKIDOFPROFILE\naws_secret_access_key = s\n")
        self.land(AWS_PROFILE="of-session")
        self.assertEqual(self.signed_with(), {("AKIDOFPROFILE", None)})

    def test_a_web_identity_comes_before_single_sign_on(self):
        self.sign_on(self.SESSION.replace("profile of-session", "default"), "acme", "2099-01-01T00:00:00Z")
        (self.home / "token").write_text("the.web.token")
        self.land(AWS_WEB_IDENTITY_TOKEN_FILE=str(self.home / "token"), AWS_ROLE_ARN=ROLE, AWS_REGION=REGION)
        self.assertEqual([host for host, *_ in self.asked], [STS])

    def test_the_environment_comes_before_single_sign_on(self):
        self.sign_on(self.SESSION, "acme", "2020-01-01T00:00:00Z")
        self.land(AWS_PROFILE="of-session", AWS_ACCESS_KEY_ID="AKIDOFENVIRONMENT", AWS_SECRET_ACCESS_KEY="s")
        self.assertEqual(self.signed_with(), {("AKIDOFENVIRONMENT", None)})

    def test_instance_metadata(self):
        """Version 2: a token first, which every question carries."""
        self.land()
        steps = [(host, method, path) for host, method, path, _, _ in self.asked]
        self.assertEqual(steps, [(METADATA, "PUT", "/latest/api/token"), (METADATA, "GET", "/latest/meta-data/iam/security-credentials/"),
                                 (METADATA, "GET", "/latest/meta-data/iam/security-credentials/default-role")])
        for _, method, _, headers, _ in self.asked[1:]:
            self.assertEqual({name.lower(): value for name, value in headers.items()}["x-aws-ec2-metadata-token"], "fake-imdsv2-token")
        self.assertEqual(self.signed_with(), {("test-key", "test-session-token")})

    def test_S9_instance_metadata_without_a_token_is_not_asked(self):
        """Where the token is refused, version 1 would still give credentials to whoever asks."""
        self.parts["refuses_tokens"] = True
        self.assertIn("no AWS credentials: ", self.land(1))
        self.assertEqual({(host, method, path) for host, method, path, _, _ in self.asked}, {(METADATA, "PUT", "/latest/api/token")})

    def test_instance_metadata_is_not_asked_where_it_is_disabled(self):
        self.assertIn("no AWS credentials: ", self.land(1, AWS_EC2_METADATA_DISABLED="TRUE"))
        self.assertEqual(self.asked, [])

    def test_agent_of_ecs(self):
        self.land(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="/v2/credentials/of-task")
        (host, method, path, _, _), = self.asked
        self.assertEqual((host, method, path), (ECS, "GET", "/v2/credentials/of-task"))
        self.assertEqual(self.signed_with(), {("ASIAOFCONTAINER", "token-of-container")})

    def test_agent_of_eks(self):
        """Pod Identity, whose token is in a file."""
        (self.home / "token").write_text("token-of-pod")
        self.land(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://{EKS}/v1/credentials", AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(self.home / "token"))
        (host, method, path, headers, _), = self.asked
        self.assertEqual((host, method, path), (EKS, "GET", "/v1/credentials"))
        self.assertEqual({name.lower(): value for name, value in headers.items()}["authorization"], "token-of-pod")
        self.assertEqual(self.signed_with(), {("ASIAOFCONTAINER", "token-of-container")})

    def test_an_endpoint_of_the_environment_is_asked_for_nothing(self):
        """AWS_ENDPOINT_URL: the endpoints of what sluice asks are in its configuration, so that no variable leads events elsewhere."""
        client("s3", self.moto).create_bucket(Bucket="acme-raw")
        config = self.home / "sluice.yaml"
        config.write_text(config.read_text().replace(f"dir:{self.home}/raw", "s3://acme-raw/tracking/"))
        elsewhere = {f"AWS_ENDPOINT_URL{service}": f"http://{ECS}" for service in ("", "_S3", "_SQS", "_STS")}
        self.land(AWS_ACCESS_KEY_ID="AKID", AWS_SECRET_ACCESS_KEY="s", **elsewhere)
        self.assertEqual({host for host, *_ in self.asked}, {BUCKET})


if __name__ == "__main__":
    own_network.main()
