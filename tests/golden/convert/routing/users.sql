CREATE TABLE users (id INTEGER, "user" VARCHAR(5));
