-- Keys of two columns and a time, NOT NULL everywhere.
CREATE TABLE lab.strict
(
	strict_id VARCHAR(12) NOT NULL
	,part CHAR(3) NOT NULL
	,at TIMESTAMP NOT NULL
	,amount DECIMAL(18,0) NOT NULL
	,done BOOLEAN NOT NULL
	,class VARCHAR(5) NOT NULL DEFAULT 'a'
)
