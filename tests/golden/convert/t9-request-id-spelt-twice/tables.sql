CREATE TABLE t (request_id CHAR(3), v INTEGER);
