# SPDX-License-Identifier: Apache-2.0
"""Pipelines whose warehouse is a server: Redshift's stand-in by wire or by its Data API, or PostgreSQL. Their end state is read by psycopg."""
import contextlib
import dataclasses
import json
import re

import psycopg

import servers
import token_service
from aws_pipeline import AwsPipeline
from smoke import client


SECRET_OF_REDSHIM = "arn:aws:secretsmanager:us-east-1:111122223333:secret:redshim-"  # and the user's name


@dataclasses.dataclass
class Target:
    section: str  # warehouse: of sluice.yaml, and what stands beside it
    connect: dict  # for psycopg
    secrets: dict = dataclasses.field(default_factory=dict)
    control: str = ""  # redshim's
    loader: str = ""  # the user that the section names, where that is not the tables' owner; `connect` is the owner's
    secrets_manager: object = None  # boto3's, where it keeps the password


@contextlib.contextmanager
def target(kind, s3, copy=None):
    """A warehouse of that kind, which reads buckets at the address `s3`, by the account whose environment `copy` is. "… as loader": with the rights of `sluice ddl --user`, once the owner
    has run what that prints. "… by role": its services know another account's keys only, which a token service gives."""
    kind, _, loader = kind.partition(" as ")
    kind, _, by_role = kind.partition(" by ")
    with contextlib.ExitStack() as stack:
        yield _target(stack, kind, loader, s3, by_role, copy)


def _target(stack, kind, loader, s3, by_role, copy):
    if kind == "postgres":
        e = stack.enter_context(servers.postgres())
        owner = {"host": e["SLUICE_POSTGRES_HOST"], "dbname": "postgres", "user": e["SLUICE_POSTGRES_USER"]}
        if loader:
            with psycopg.connect(**owner, autocommit=True) as db:
                db.execute(f"CREATE ROLE {loader} LOGIN")
        user = loader or owner["user"]
        return Target(f'{{postgres: {{host: "{owner["host"]}", database: postgres, user: {user}, tls: disable}}}}', owner, loader=loader)
    roles = copy and {servers.ROLE_CHAIN: {"access_key": copy["AWS_ACCESS_KEY_ID"], "secret_key": copy["AWS_SECRET_ACCESS_KEY"]}}
    shim = stack.enter_context(servers.redshim(s3, roles=roles, known=token_service.GIVEN if by_role else None))
    e = servers.environment_of_redshim(shim)
    owner, password = e["SLUICE_REDSHIM_ADMIN"], e["SLUICE_REDSHIM_ADMIN_PASSWORD"]
    user = loader = e["SLUICE_REDSHIM_USER"] if loader else ""
    user = user or owner
    roles = ", ".join(f'"{role}"' for role in e["SLUICE_REDSHIM_ROLES"].split(","))
    wire = (f'host: {e["SLUICE_REDSHIM_HOST"]}, port: {e["SLUICE_REDSHIM_PORT"]}, database: {e["SLUICE_REDSHIM_DATABASE"]}, user: {user}, '
            f'tls_root: "{e["SLUICE_REDSHIM_CA"]}"')
    told = {
        "wire": f'redshift: {{{wire}, auth: password, password: "env:REDSHIFT_PASSWORD"}}',
        "secret": f'redshift: {{{wire}, auth: password, password: "secretsmanager:sluice/redshift#password"}}',
        "iam": f'redshift: {{{wire}, cluster: redshim, endpoint: "{e["SLUICE_REDSHIM_ENDPOINT"]}"}}',
        "iam workgroup": f'redshift: {{{wire}, workgroup: redshim, endpoint: "{e["SLUICE_REDSHIM_ENDPOINT"]}"}}',
        "data_api secret": f'redshift_data_api: {{workgroup: redshim, database: {e["SLUICE_REDSHIM_DATABASE"]}, '
                           f'secret_arn: "{SECRET_OF_REDSHIM}{user}-AbCdEf", endpoint: "{e["SLUICE_REDSHIM_ENDPOINT"]}"}}',
        "data_api": f'redshift_data_api: {{cluster: redshim, database: {e["SLUICE_REDSHIM_DATABASE"]}, user: {user}, '
                    f'endpoint: "{e["SLUICE_REDSHIM_ENDPOINT"]}"}}',
    }[kind]
    if by_role:
        sts = stack.enter_context(token_service.TokenService())
        told = f'{told[:-1]}, assume_role: {{arn: "{token_service.ROLE}", external_id: "env:EXTERNAL_ID", endpoint: "{sts.address}"}}}}'
    made = Target(f"{{{told}, copy_role: [{roles}]}}",
                  {"host": e["SLUICE_REDSHIM_HOST"], "port": e["SLUICE_REDSHIM_PORT"], "dbname": e["SLUICE_REDSHIM_DATABASE"], "user": owner,
                   "password": password, "sslmode": "verify-full", "sslrootcert": e["SLUICE_REDSHIM_CA"], "prepare_threshold": None},
                  {"REDSHIFT_PASSWORD": e["SLUICE_REDSHIM_PASSWORD"] if loader else password}, shim.address, loader)
    if by_role:
        made.secrets["EXTERNAL_ID"] = token_service.EXTERNAL_ID
    if kind == "secret":
        moto = stack.enter_context(servers.moto())
        made.section += f'\nsecretsmanager: {{endpoint: "{moto.address}"}}'
        made.secrets = {}
        made.secrets_manager = client("secretsmanager", moto.address)
        made.secrets_manager.create_secret(Name="sluice/redshift", SecretString=kept_by_redshift(user, password))
    return made


def kept_by_redshift(user, password):
    """The secret of a user, as Redshift keeps it in Secrets Manager."""
    return json.dumps({"username": user, "password": password, "engine": "redshift", "port": 5439})


class WarehousePipeline(AwsPipeline):
    def __init__(self, folder, *, target, secrets=None, **places):
        super().__init__(folder, warehouse=target.section, secrets=target.secrets | (secrets or {}), **places)
        self.target = target

    def by_owner(self, *statements):
        with psycopg.connect(**self.target.connect, autocommit=True) as db:
            for sql in statements:
                db.execute(sql)

    def prepare_for_loader(self):
        """What an administrator does with what `sluice ddl` prints."""
        steps = self.ask("ddl", "--user", self.target.loader, "--database", self.target.connect["dbname"])["steps"]
        self.by_owner(*(step["sql"] for step in steps if step["sql"]))

    def allow_replacing(self):
        """The grant that `sluice ddl --user` prints as a comment."""
        self.by_owner(*re.findall("^-- +(GRANT DELETE .*);$", self.run("ddl", "--user", self.target.loader).stdout, re.M))

    def query(self, sql):
        with psycopg.connect(**self.target.connect, autocommit=True) as db:
            db.execute("SET timezone TO 'UTC'")
            cursor = db.execute(sql)
            is_char = [column.type_code == psycopg.adapters.types["bpchar"].oid for column in cursor.description]
            rows = cursor.fetchall()
        # CHAR is filled up with blanks.
        return [tuple(value.rstrip(" ") if fills and value is not None else value for fills, value in zip(is_char, row)) for row in rows]
