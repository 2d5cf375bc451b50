# SPDX-License-Identifier: Apache-2.0
"""GetClusterCredentials of Amazon Redshift (query protocol, XML) and GetCredentials of Redshift Serverless (JSON).
Sources: Redshift API Reference, Redshift Serverless API Reference."""
import datetime
from xml.sax.saxutils import escape

from data_api import CLUSTER, WORKGROUP, AwsError


def _seconds(text):
    try:
        seconds = int(text)
    except (TypeError, ValueError):
        seconds = 0
    if not 900 <= seconds <= 3600:
        raise AwsError("InvalidParameterValue", "DurationSeconds must be between 900 and 3600")
    return seconds


def cluster_credentials(shim, form):
    """XML of the answer to a form with Action=GetClusterCredentials."""
    if form.get("ClusterIdentifier") != CLUSTER:
        raise AwsError("ClusterNotFound", f"Cluster {form.get('ClusterIdentifier')} not found.", 404)
    if not form.get("DbUser"):
        raise AwsError("MissingParameter", "DbUser is required")
    auto = form.get("AutoCreate") == "true"
    name = ("IAMA:" if auto else "IAM:") + form["DbUser"]
    password, ends = shim.credentials.issue(name, form["DbUser"], _seconds(form.get("DurationSeconds", "900")))
    if auto and form["DbUser"] not in shim.users:
        shim.create_user(form["DbUser"])
    expiration = datetime.datetime.fromtimestamp(ends, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return (f'<GetClusterCredentialsResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><GetClusterCredentialsResult>'
            f"<DbUser>{escape(name)}</DbUser><DbPassword>{escape(password)}</DbPassword><Expiration>{expiration}</Expiration>"
            "</GetClusterCredentialsResult><ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>"
            "</GetClusterCredentialsResponse>")


def error_xml(why):
    return (f'<ErrorResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><Error><Type>Sender</Type><Code>{escape(why.kind)}</Code>'
            f"<Message>{escape(why.message)}</Message></Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>")


def serverless_credentials(shim, given):
    if given.get("workgroupName") != WORKGROUP:
        raise AwsError("ResourceNotFoundException", f"Workgroup {given.get('workgroupName')} does not exist")
    if given.get("dbName", shim.database) not in shim.databases:
        raise AwsError("ValidationException", "no such database")
    user = list(shim.users)[-1]
    password, ends = shim.credentials.issue("IAMR:" + user, user, _seconds(given.get("durationSeconds", 900)))
    return {"dbUser": "IAMR:" + user, "dbPassword": password, "expiration": ends, "nextRefreshTime": ends}
