-- SPDX-License-Identifier: Apache-2.0
-- What Redshift has beside PostgreSQL: SUPER, functions, system views; and the lengths of strings in bytes. Run once, as the administrator.
-- What lives in pg_catalog is found whatever the search path.
SET allow_system_table_mods = on;
CREATE SCHEMA redshim;
GRANT USAGE ON SCHEMA redshim TO PUBLIC;
GRANT ALL ON SCHEMA public TO PUBLIC;

-- SUPER (c_input_output_SUPER, limitations-super): kept as jsonb, so of a key that stands twice the last one stays.
CREATE DOMAIN pg_catalog.super AS jsonb;
GRANT USAGE ON TYPE pg_catalog.super TO PUBLIC;

CREATE FUNCTION pg_catalog.json_parse(value text) RETURNS super LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE parsed jsonb;
BEGIN
  IF octet_length(value) > 16777216 THEN RAISE EXCEPTION 'SUPER value exceeds 16 MB' USING ERRCODE = 'XX000'; END IF;
  parsed := value::jsonb;
  IF octet_length(value) > 65535 AND EXISTS (SELECT FROM jsonb_path_query(parsed, 'strict $.** ? (@.type() == "string")') s
      WHERE octet_length(s #>> '{}') > 65535) THEN
    RAISE EXCEPTION 'String value exceeds the max size of 65535 bytes' USING ERRCODE = 'XX000';
  END IF;
  RETURN parsed;
EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
  RAISE EXCEPTION 'Invalid JSON' USING ERRCODE = 'XX000', DETAIL = 'JSON_PARSE';
END $$;
CREATE FUNCTION pg_catalog.json_serialize(value super) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT value::text';
CREATE FUNCTION pg_catalog.can_json_parse(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM json_parse(value); RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $$;
CREATE FUNCTION pg_catalog.is_valid_json(value text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
  $$SELECT can_json_parse(value) AND ltrim(value) LIKE '{%'$$;
CREATE FUNCTION pg_catalog.json_typeof(value super) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT jsonb_typeof(value)';
CREATE FUNCTION pg_catalog.json_extract_path_text(value text, VARIADIC path text[]) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT (value::jsonb) #>> path';

-- Times without a time zone, in UTC as Redshift's clock is (r_GETDATE, r_SYSDATE).
CREATE FUNCTION pg_catalog.getdate() RETURNS timestamp LANGUAGE sql STABLE AS
  $$SELECT date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC')$$;
CREATE FUNCTION pg_catalog.redshim_sysdate() RETURNS timestamp LANGUAGE sql STABLE AS $$SELECT transaction_timestamp() AT TIME ZONE 'UTC'$$;
CREATE FUNCTION pg_catalog.len(value text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT length(value)';
CREATE FUNCTION pg_catalog.sha2(value text, bits integer) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT encode(CASE bits WHEN 224 THEN sha224(value::bytea) WHEN 384 THEN sha384(value::bytea) WHEN 512 THEN sha512(value::bytea)
                ELSE sha256(value::bytea) END, 'hex')$$;

-- What CAST(value AS VARCHAR(n)) leaves: at most n bytes, of whole characters (r_Character_types, "truncate").
CREATE FUNCTION redshim.cut_slowly(value text, bytes integer) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE cut text := left(value, bytes);
BEGIN
  WHILE octet_length(cut) > bytes LOOP cut := left(cut, char_length(cut) - GREATEST(1, (octet_length(cut) - bytes) / 4)); END LOOP;
  RETURN cut;
END $$;
CREATE FUNCTION redshim.cut(value text, bytes integer) RETURNS text LANGUAGE sql IMMUTABLE AS
  'SELECT CASE WHEN octet_length(value) <= bytes THEN value ELSE redshim.cut_slowly(value, bytes) END';

-- VARCHAR(n) is n bytes, and CHAR(n) n characters of one byte (r_Character_types): a constraint on every such column of every table, however it was
-- made. Its name carries the length; errors.py makes Redshift's words of it.
CREATE FUNCTION redshim.bytes_are_counted() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE made record; changes text;
BEGIN
  FOR made IN SELECT DISTINCT c.objid FROM pg_event_trigger_ddl_commands() c JOIN pg_class r ON r.oid = c.objid
      WHERE c.classid = 'pg_class'::regclass AND r.relkind = 'r' LOOP
    WITH wanted AS (
      SELECT CASE WHEN t.typname = 'varchar' THEN format('redshim_%s_%s', a.attnum, CASE WHEN a.atttypmod < 0 THEN 65535 ELSE a.atttypmod - 4 END)
                  WHEN t.typname = 'text' THEN format('redshim_%s_65535', a.attnum)
                  ELSE format('redshim_%s_c%s', a.attnum, a.atttypmod - 4) END AS name,
             CASE WHEN t.typname = 'varchar' THEN format('octet_length(%I) <= %s', a.attname, CASE WHEN a.atttypmod < 0 THEN 65535 ELSE a.atttypmod - 4 END)
                  WHEN t.typname = 'text' THEN format('octet_length(%I) <= 65535', a.attname)
                  ELSE format('octet_length(%I::text) = char_length(%I::text)', a.attname, a.attname) END AS condition
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = made.objid AND a.attnum > 0 AND NOT a.attisdropped AND t.typname IN ('varchar', 'text', 'bpchar')),
    there AS (SELECT conname::text AS name FROM pg_constraint WHERE conrelid = made.objid AND contype = 'c' AND conname LIKE 'redshim!_%' ESCAPE '!')
    SELECT string_agg(change, ', ') INTO changes FROM (
      SELECT format('DROP CONSTRAINT %I', name) AS change FROM there WHERE name NOT IN (SELECT name FROM wanted)
      UNION ALL SELECT format('ADD CONSTRAINT %I CHECK (%s)', name, condition) FROM wanted WHERE name NOT IN (SELECT name FROM there)) x;
    IF changes IS NOT NULL THEN EXECUTE format('ALTER TABLE %s %s', made.objid::regclass, changes); END IF;
  END LOOP;
END $$;
CREATE EVENT TRIGGER redshim_bytes ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
  EXECUTE FUNCTION redshim.bytes_are_counted();

-- Writing takes a lock of the whole table until the end of the transaction (c_write_readwrite): other writers wait, readers do not. Called by redshim
-- before each INSERT, UPDATE, DELETE, MERGE and COPY; the transaction's snapshot is taken by the call, so before the wait.
CREATE FUNCTION redshim.write_lock(name text) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
DECLARE t regclass := to_regclass(name);
BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE oid = t AND relkind = 'r' AND relpersistence = 'p') THEN
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', t);
  END IF;
END $$;

-- System tables are no part of a transaction: redshim writes what they say into files beside the data, one JSON object a line.
CREATE FUNCTION redshim.noted(what text) RETURNS SETOF jsonb LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT line::jsonb FROM regexp_split_to_table(pg_read_file('redshim/' || what), E'\n') line
  WHERE line <> '' AND (session_user = line::jsonb ->> 'user' OR (SELECT rolsuper FROM pg_roles WHERE rolname = session_user))$$;
CREATE FUNCTION redshim.last_copy(field text) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT (pg_read_file('redshim/last_copy_' || pg_backend_pid(), 0, 1000, true)::jsonb ->> field)::bigint$$;
CREATE FUNCTION pg_catalog.pg_last_copy_id() RETURNS integer LANGUAGE sql VOLATILE AS $$SELECT COALESCE(redshim.last_copy('query_id'), -1)::integer$$;
CREATE FUNCTION pg_catalog.pg_last_copy_count() RETURNS bigint LANGUAGE sql VOLATILE AS $$SELECT COALESCE(redshim.last_copy('loaded_rows'), 0)$$;
CREATE FUNCTION pg_catalog.pg_last_query_id() RETURNS integer LANGUAGE sql VOLATILE AS $$SELECT COALESCE(redshim.last_copy('query_id'), -1)::integer$$;

CREATE VIEW pg_catalog.sys_load_history AS SELECT 100 AS user_id, (l ->> 'query_id')::bigint AS query_id, (l ->> 'status')::varchar(16) AS status,
  current_database()::varchar(128) AS database_name, (l ->> 'table_name')::varchar(128) AS table_name, (l ->> 'start_time')::timestamp AS start_time,
  (l ->> 'end_time')::timestamp AS end_time, 0::bigint AS duration, (l ->> 'data_source')::varchar(65535) AS data_source,
  'parquet'::varchar(8) AS file_format, (l ->> 'loaded_rows')::bigint AS loaded_rows, (l ->> 'loaded_bytes')::bigint AS loaded_bytes,
  (l ->> 'files')::bigint AS source_file_count, (l ->> 'bytes')::bigint AS source_file_bytes, 0::bigint AS error_count,
  (l ->> 'session_id')::bigint AS session_id, (l ->> 'transaction_id')::bigint AS transaction_id FROM redshim.noted('load_history') l;
CREATE VIEW redshim.load_errors AS SELECT 100 AS user_id, (l ->> 'query_id')::bigint AS query_id, (l ->> 'session_id')::bigint AS session_id,
  current_database()::varchar(128) AS database_name, 0 AS table_id, (l ->> 'start_time')::timestamp AS start_time, (l ->> 'file_name')::varchar(1024) AS file_name,
  0::bigint AS line_number, (l ->> 'column_name')::varchar(128) AS column_name, (l ->> 'column_type')::varchar(10) AS column_type,
  (l ->> 'column_length')::varchar(10) AS column_length, 0 AS position, (l ->> 'error_code')::int AS error_code,
  (l ->> 'error_message')::varchar(512) AS error_message, (l ->> 'in_sys')::boolean AS in_sys FROM redshim.noted('load_error') l;
CREATE VIEW pg_catalog.sys_load_error_detail AS SELECT user_id, query_id, session_id, database_name, table_id, start_time, file_name, line_number, column_name,
  column_type, column_length, position, error_code, error_message FROM redshim.load_errors WHERE in_sys;
CREATE VIEW pg_catalog.stl_load_errors AS SELECT 100 AS userid, 0 AS slice, 0 AS tbl, start_time AS starttime, session_id AS session, query_id::integer AS query,
  file_name::char(256) AS filename, line_number, column_name::char(127) AS colname, column_type::char(10) AS type, column_length::char(10) AS col_length, position,
  ''::char(1024) AS raw_line, ''::char(1024) AS raw_field_value, error_code AS err_code, error_message::char(100) AS err_reason, false AS is_partial,
  0 AS start_offset FROM redshim.load_errors WHERE NOT (error_message LIKE 'Spectrum%');

CREATE VIEW pg_catalog.svv_columns AS SELECT current_database()::varchar(128) AS table_catalog, n.nspname::varchar(128) AS table_schema,
  c.relname::varchar(128) AS table_name, a.attname::varchar(128) AS column_name, a.attnum::int AS ordinal_position,
  pg_get_expr(d.adbin, d.adrelid)::varchar(4000) AS column_default, (CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END)::varchar(3) AS is_nullable,
  (CASE WHEN t.typname = 'super' THEN 'super' ELSE format_type(a.atttypid, NULL) END)::varchar(128) AS data_type,
  CASE WHEN t.typname IN ('varchar', 'bpchar') THEN a.atttypmod - 4 END AS character_maximum_length,
  CASE t.typname WHEN 'numeric' THEN (a.atttypmod - 4) >> 16 WHEN 'int2' THEN 16 WHEN 'int4' THEN 32 WHEN 'int8' THEN 64 END AS numeric_precision,
  CASE WHEN t.typname IN ('int2', 'int4', 'int8') THEN 2 WHEN t.typname = 'numeric' THEN 10 END AS numeric_precision_radix,
  CASE WHEN t.typname = 'numeric' THEN (a.atttypmod - 4) & 2047 WHEN t.typname IN ('int2', 'int4', 'int8') THEN 0 END AS numeric_scale,
  CASE WHEN t.typname LIKE 'timestamp%' THEN 6 END AS datetime_precision, NULL::varchar AS remarks
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v') AND n.nspname NOT LIKE 'pg!_toast%' ESCAPE '!' AND n.nspname <> 'redshim'
  AND has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES');
CREATE VIEW pg_catalog.svv_tables AS SELECT current_database()::varchar(128) AS table_catalog, n.nspname::varchar(128) AS table_schema,
  c.relname::varchar(128) AS table_name, (CASE WHEN c.relpersistence = 't' THEN 'LOCAL TEMPORARY' WHEN c.relkind = 'v' THEN 'VIEW' ELSE 'BASE TABLE' END)::varchar(128)
  AS table_type, NULL::varchar AS remarks FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'v') AND n.nspname NOT LIKE 'pg!_toast%' ESCAPE '!' AND n.nspname <> 'redshim'
  AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE');
CREATE VIEW pg_catalog.pg_table_def AS SELECT n.nspname AS schemaname, c.relname AS tablename, a.attname AS "column",
  CASE WHEN t.typname = 'super' THEN 'super' ELSE format_type(a.atttypid, a.atttypmod) END AS type, 'none'::text AS encoding, false AS distkey, 0 AS sortkey,
  a.attnotnull AS "notnull" FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r'
  AND (n.nspname = ANY (current_schemas(true)) OR c.relpersistence = 't');
GRANT SELECT ON pg_catalog.sys_load_history, pg_catalog.sys_load_error_detail, pg_catalog.stl_load_errors, pg_catalog.svv_columns, pg_catalog.svv_tables,
  pg_catalog.pg_table_def TO PUBLIC;
