CREATE TABLE app.deep (id INTEGER);
