/** The eight tables of TPC-H (specification, clause 1.4) with a few rows: what is asked is which are touched. */
export const TPCH_SCHEMA = `
CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152));
CREATE TABLE nation (
  n_nationkey int PRIMARY KEY, n_name char(25) NOT NULL, n_regionkey int NOT NULL REFERENCES region,
  n_comment varchar(152));
CREATE TABLE part (
  p_partkey int PRIMARY KEY, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL, p_brand char(10) NOT NULL,
  p_type varchar(25) NOT NULL, p_size int NOT NULL, p_container char(10) NOT NULL, p_retailprice numeric(15, 2) NOT NULL,
  p_comment varchar(23) NOT NULL);
CREATE TABLE supplier (
  s_suppkey int PRIMARY KEY, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL,
  s_nationkey int NOT NULL REFERENCES nation, s_phone char(15) NOT NULL, s_acctbal numeric(15, 2) NOT NULL,
  s_comment varchar(101) NOT NULL);
CREATE TABLE partsupp (
  ps_partkey int NOT NULL REFERENCES part, ps_suppkey int NOT NULL REFERENCES supplier, ps_availqty int NOT NULL,
  ps_supplycost numeric(15, 2) NOT NULL, ps_comment varchar(199) NOT NULL, PRIMARY KEY (ps_partkey, ps_suppkey));
CREATE TABLE customer (
  c_custkey int PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL,
  c_nationkey int NOT NULL REFERENCES nation, c_phone char(15) NOT NULL, c_acctbal numeric(15, 2) NOT NULL,
  c_mktsegment char(10) NOT NULL, c_comment varchar(117) NOT NULL);
CREATE TABLE orders (
  o_orderkey int PRIMARY KEY, o_custkey int NOT NULL REFERENCES customer, o_orderstatus char(1) NOT NULL,
  o_totalprice numeric(15, 2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL,
  o_clerk char(15) NOT NULL, o_shippriority int NOT NULL, o_comment varchar(79) NOT NULL);
CREATE TABLE lineitem (
  l_orderkey int NOT NULL REFERENCES orders, l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int NOT NULL,
  l_quantity numeric(15, 2) NOT NULL, l_extendedprice numeric(15, 2) NOT NULL, l_discount numeric(15, 2) NOT NULL,
  l_tax numeric(15, 2) NOT NULL, l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL,
  l_commitdate date NOT NULL, l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL,
  l_comment varchar(44) NOT NULL, PRIMARY KEY (l_orderkey, l_linenumber),
  FOREIGN KEY (l_partkey, l_suppkey) REFERENCES partsupp);
INSERT INTO region SELECT g, (ARRAY['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'])[g + 1], '' FROM generate_series(0, 4) g;
INSERT INTO nation SELECT g, (ARRAY['FRANCE', 'GERMANY', 'BRAZIL', 'CANADA', 'SAUDI ARABIA'])[g % 5 + 1], g % 5, ''
  FROM generate_series(0, 24) g;
INSERT INTO part SELECT g, 'green ' || g, 'Manufacturer#1', 'Brand#' || 11 + g % 13, 'ECONOMY ANODIZED STEEL', g % 50 + 1,
  'MED BOX', 900 + g, '' FROM generate_series(1, 40) g;
INSERT INTO supplier SELECT g, 'Supplier#' || g, '', g % 25, 10 + g % 25 || '-000', g * 10, '' FROM generate_series(1, 10) g;
INSERT INTO partsupp SELECT p, s, 10, 5 + s, '' FROM generate_series(1, 40) p, generate_series(1, 10) s;
INSERT INTO customer SELECT g, 'Customer#' || g, '', g % 25, 10 + g % 25 || '-000', g * 7, 'BUILDING', '' FROM generate_series(1, 30) g;
INSERT INTO orders SELECT g, g % 30 + 1, 'F', g * 100, date '1993-01-01' + g * 9, '1-URGENT', 'Clerk#1', 0, ''
  FROM generate_series(1, 150) g;
INSERT INTO lineitem SELECT o, o % 40 + 1, l, l, 20 + l, 100 + o, 0.06, 0.02, 'R', 'F', date '1993-01-05' + o * 9,
  date '1993-01-08' + o * 9, date '1993-01-09' + o * 9, 'DELIVER IN PERSON', 'MAIL', ''
  FROM generate_series(1, 150) o, generate_series(1, 3) l;
`;

export const TPCH_TABLES = [
  'region',
  'nation',
  'part',
  'supplier',
  'partsupp',
  'customer',
  'orders',
  'lineitem',
];
