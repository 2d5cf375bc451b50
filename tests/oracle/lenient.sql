-- Cut what is too long, NULL for what is wrong, and the rest of the event in one column.
CREATE TABLE lab.lenient
(
	lenient_id VARCHAR(20) NOT NULL
	,at TIMESTAMP NOT NULL
	,label VARCHAR(5)
	,code CHAR(3)
	,amount DECIMAL(6,2)
	,number INTEGER
	,size INTEGER NOT NULL
	,day DATE
	,rest VARCHAR(200) DEFAULT 'nothing'
)
