# SPDX-License-Identifier: Apache-2.0
"""Who may log in with which password: fixed users, users that SQL has made, and temporary passwords. Sources: GetClusterCredentials of the
Redshift API Reference, GetCredentials of the Redshift Serverless API Reference, r_CREATE_USER."""
import secrets
import threading

from errors import Refused
from sql_tokens import Changes, quote_text


class Credentials:
    def __init__(self, clock, users):
        """`users`: {name: password}"""
        self._clock, self._lock, self._users, self._temporary = clock, threading.Lock(), dict(users), {}

    def issue(self, name, database_user, seconds):
        """A password for `name` ("IAM:user"), who is `database_user` to the database: (password, when it ends)."""
        password, ends = secrets.token_urlsafe(48), self._clock.now() + seconds
        with self._lock:
            self._temporary.setdefault(name, []).append((password, database_user, ends))
        return password, ends

    def set_password(self, user, password):
        """None: the user may not log in with a password."""
        with self._lock:
            self._users[user] = password

    def log_in(self, name, password):
        """The database's user, or None."""
        with self._lock:
            if self._users.get(name) is not None and secrets.compare_digest(self._users[name].encode(), password.encode()):
                return name
            for given, user, ends in self._temporary.get(name, []):
                if secrets.compare_digest(given.encode(), password.encode()) and self._clock.now() < ends:
                    return user
        return None


def created_user(known, tokens, sql):
    """CREATE USER, ALTER USER and CREATE GROUP for PostgreSQL, after their passwords were taken over."""
    changes = Changes(sql)
    for i, token in enumerate(tokens):
        if token.word == "PASSWORD" and i + 1 < len(tokens):
            given = tokens[i + 1]
            if given.word == "DISABLE":
                changes.put(given, given, "NULL")
                known.set_password(tokens[2].name, None)
            elif given.kind == "string":
                known.set_password(tokens[2].name, given.value)
                changes.put(given, given, quote_text("kept by redshim"))
            else:
                raise Refused("42601", f'syntax error at or near "{given.text}"')
        elif [t.word for t in tokens[i:i + 2]] in (["SESSION", "TIMEOUT"], ["SYSLOG", "ACCESS"]) and i + 2 < len(tokens):
            changes.put(token, tokens[i + 2], "")
        elif token.word in ("CREATEUSER", "NOCREATEUSER"):  # Redshift's word for a superuser
            changes.put(token, token, "SUPERUSER" if token.word == "CREATEUSER" else "NOSUPERUSER")
    return changes.text()
