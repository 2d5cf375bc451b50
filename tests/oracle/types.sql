-- A column of every type, and of every limit that DECIMAL, CHAR and VARCHAR have.
CREATE TABLE IF NOT EXISTS lab.types
(
	id BIGINT NOT NULL
	,small SMALLINT
	,whole INTEGER
	,big BIGINT
	,price DECIMAL(9,2)
	,exact DECIMAL(18,6)
	,nineteen DECIMAL(19,0)
	,wide DECIMAL(38,10)
	,fraction DECIMAL(4,4)
	,ratio REAL
	,measure DOUBLE PRECISION
	,done BOOLEAN
	,code CHAR(5)
	,letter CHAR
	,label VARCHAR(10)
	,note VARCHAR(MAX)
	,word TEXT
	,day DATE
	,seen TIMESTAMP WITHOUT TIME ZONE
	,seen_at TIMESTAMPTZ
	,created TIMESTAMP
	,created_s TIMESTAMP WITH TIME ZONE
	,page_url VARCHAR(40)
	,page_rank INTEGER
	,kind VARCHAR(8) NOT NULL DEFAULT 'none'
	,level INTEGER DEFAULT 7
	,since TIMESTAMP DEFAULT '2020-01-01 00:00:00'
	,extra SUPER
	,serial BIGINT IDENTITY(1,1)
	,loaded_at TIMESTAMP DEFAULT getdate()
)
