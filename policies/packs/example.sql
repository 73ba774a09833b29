-- The database that the cases of the packs are about. tools/built-in-catalog.ts saves its catalog.
CREATE SCHEMA shop;
CREATE SCHEMA monitoring;
CREATE SCHEMA operations;
CREATE SCHEMA reports;

CREATE TABLE shop.customers (id int PRIMARY KEY, name text, email text, phone text, ssn text, country text);
CREATE TABLE shop.orders (id int PRIMARY KEY, customer_id int REFERENCES shop.customers, total numeric, status text, placed_at timestamptz);
CREATE TABLE monitoring.hosts (id int PRIMARY KEY, name text, role text);
CREATE TABLE monitoring.metrics (host_id int, at timestamptz, name text, value float8);
CREATE TABLE operations.feature_flags (name text PRIMARY KEY, enabled boolean);
CREATE VIEW reports.customers_by_country AS SELECT country, count(*) AS customers FROM shop.customers GROUP BY country;
CREATE FUNCTION shop.refund(int) RETURNS numeric LANGUAGE sql AS 'UPDATE shop.orders SET status = ''refunded'' WHERE id = $1 RETURNING total';
