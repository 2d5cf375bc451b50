# SPDX-License-Identifier: Apache-2.0
"""What peers.py is told to do: the tables as libraries see them. The same tables stand, as DDL, in the configuration sluice gets."""

EVENTS = ['request_id', 'request_timestamp', 'cookie_id', 'topic', 'message', 'environment', 'website_id', 'user_account_id',
          'location', 'user_agent', 'referrer']
UTM = ['request_id', 'source', 'medium', 'campaign', 'content', 'term', 'matchtype', 'network', 'ad_id', 'ad_pos', 'placement',
       'placement_category', 'testgroup', 'device']
# The unkind table of numbers: a key and 200 columns, every second one an integer.
WIDE = {'id': 'integer', **{'n%03d' % i: 'integer' if i % 2 == 0 else 'float' for i in range(200)}}


def job(tables, compression='snappy', level=None, ignore_errors=False):
    """`level` is DuckDB's for zstd; without it, what the library chooses."""
    return {'tables': tables, 'compression': compression, 'level': level, 'ignore_errors': ignore_errors}


def tracking(**how):
    """examples/tracking: routed by a key that only one of the tables has."""
    def columns(names):
        return {name: 'timestamp' if name == 'request_timestamp' else 'text' for name in names}
    return job({'events': {'columns': columns(EVENTS), 'key': 'topic'}, 'utm': {'columns': columns(UTM), 'key': 'source'}}, **how)


def wide(**how):
    return job({'wide': {'columns': WIDE, 'key': 'id'}}, **how)
