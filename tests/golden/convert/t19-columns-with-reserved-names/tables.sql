CREATE TABLE t ("all" INTEGER, "table" INTEGER, queryid INTEGER, "select" VARCHAR(5), "DROP TABLE t;--" INTEGER);
