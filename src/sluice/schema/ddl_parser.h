// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/schema/table.h"

namespace sluice {

// Reads Redshift's CREATE TABLE [IF NOT EXISTS] (Amazon Redshift Database Developer Guide, "CREATE
// TABLE"):
//
//   SMALLINT INT2 INTEGER INT INT4 BIGINT INT8 DECIMAL(p,s) NUMERIC REAL FLOAT4 DOUBLE PRECISION
//   FLOAT8 FLOAT BOOLEAN BOOL CHAR(n) CHARACTER NCHAR BPCHAR VARCHAR(n|MAX) CHARACTER VARYING
//   NVARCHAR TEXT DATE TIMESTAMP [WITHOUT TIME ZONE] TIMESTAMP WITH TIME ZONE TIMESTAMPTZ SUPER NOT
//   NULL, NULL, DEFAULT …, ENCODE …, DISTKEY, SORTKEY, IDENTITY(…), GENERATED … AS IDENTITY,
//   PRIMARY KEY, UNIQUE, REFERENCES … table attributes: DISTSTYLE …, DISTKEY(…),
//   [COMPOUND|INTERLEAVED] SORTKEY(…|AUTO), ENCODE AUTO, BACKUP …
//
// Identifiers fold to lower case unless quoted; two columns whose names differ in case only are an
// error. Comments (-- and nested /* */) are skipped. One or more statements, separated by ';'. What
// is not understood is an error, never ignored.
//
// A literal DEFAULT becomes default_text; an expression, IDENTITY and GENERATED make the column
// generated, and so does the name of a technical column (kObjectColumn BIGINT, kLineColumn
// INTEGER). PRIMARY KEY means NOT NULL, as in Redshift; nothing else of PRIMARY KEY, UNIQUE,
// REFERENCES and BACKUP is kept. A table has one DISTKEY, which goes with DISTSTYLE KEY, and one
// SORTKEY: by its columns or as an attribute of the table; a SUPER is in neither.
//
// Errors are kPermanent: "`file`:line:column: what is wrong; what is wanted". `file` only names the
// source in messages. Fuzzed. Limits: 1 MiB of text, 1,600 columns in a table and as many names in
// its keys, names of 127 bytes.
Result<std::vector<TableSchema>> ParseCreateTables(std::string_view sql, std::string_view file);

// Exactly one statement.
Result<TableSchema> ParseCreateTable(std::string_view sql, std::string_view file);

}  // namespace sluice
