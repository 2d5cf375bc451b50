# SPDX-License-Identifier: Apache-2.0
"""Whether a request is signed (AWS Signature Version 4) for the service by a key that is known. Source: IAM User Guide, "Create a signed AWS API
request"."""
import datetime
import hashlib
import hmac
import re
import urllib.parse

from data_api import AwsError

LATEST = datetime.timedelta(minutes=15)


def check(keys, service, method, target, headers, body, tokens={}):
    """`keys`: {access key: secret}; `tokens` of those that are temporary. Raises AwsError."""
    given = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?"
                         r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})", headers.get("Authorization", ""))
    date = headers.get("X-Amz-Date", "")
    if not given or not re.fullmatch(r"\d{8}T\d{6}Z", date):
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    access, day, region, named, signed, signature = given.groups()
    when = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs(datetime.datetime.now(datetime.timezone.utc) - when) > LATEST or not date.startswith(day):
        raise AwsError("InvalidSignatureException", f"Signature expired: {date}", 403)
    if named != service or "host" not in signed.split(";"):
        raise AwsError("InvalidSignatureException", f"Credential should be scoped to correct service: '{service}'.", 403)
    if access not in keys or headers.get("X-Amz-Security-Token") != tokens.get(access):
        raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
    path, _, query = target.partition("?")
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join([method, urllib.parse.quote(urllib.parse.unquote(path), safe="/-_.~"),
                           urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote),
                           *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in signed.split(";")), "", signed,
                           hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/{region}/{service}/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + keys[access]).encode()
    for part in day, region, service, "aws4_request":
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), signature):
        raise AwsError("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.", 403)
