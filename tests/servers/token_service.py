# SPDX-License-Identifier: Apache-2.0
"""A security token service that gives one role to who may have it, and checks who asks. Source: AWS STS API reference, AssumeRole."""
import datetime
import sys
import urllib.parse

import servers
from loopback_http import Handler, Listener

sys.path.insert(0, str(servers.HERE / "redshim"))
import signatures  # noqa: E402  (it is there now)
from data_api import AwsError  # noqa: E402

ROLE, EXTERNAL_ID = "arn:aws:iam::333333333333:role/sluice", "both-accounts-know-it"
GIVEN = "ASIAOFANOTHERACCOUNT", "secret-of-another-account", "token-of-another-account"


class Answer(Handler):
    def do_POST(self):
        body = self.read_body()
        form = dict(urllib.parse.parse_qsl(body.decode()))
        try:
            signatures.check({servers.ACCESS_KEY: servers.SECRET_KEY}, "sts", self.command, self.path, self.headers, body)
            if (form.get("Action"), form.get("RoleArn"), form.get("ExternalId")) != ("AssumeRole", ROLE, EXTERNAL_ID):
                raise AwsError("AccessDenied", "User is not authorized to perform: sts:AssumeRole", 403)
            key, secret, token = GIVEN
            until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=int(form["DurationSeconds"]))
            self.say(200, f"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}"
                     f"</SecretAccessKey><SessionToken>{token}</SessionToken><Expiration>{until:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
                     "</AssumeRoleResult></AssumeRoleResponse>")
        except AwsError as why:
            self.say(why.status, f"<ErrorResponse><Error><Type>Sender</Type><Code>{why.kind}</Code><Message>{why.message}</Message></Error></ErrorResponse>")

    def say(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


class TokenService(Listener):
    """At `address`, until the end of the block."""

    def __init__(self):
        super().__init__(Answer)
