CREATE TABLE t (v VARCHAR(5), sluice_object BIGINT, sluice_line INTEGER);
