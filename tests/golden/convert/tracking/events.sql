CREATE TABLE IF NOT EXISTS tracking.events
(
	request_id CHAR(36) NOT NULL
	,request_timestamp TIMESTAMP WITHOUT TIME ZONE NOT NULL
	,cookie_id CHAR(36) NOT NULL
	,topic VARCHAR(1024) NOT NULL
	,message VARCHAR(3128)
	,"location" VARCHAR(5000)
)
