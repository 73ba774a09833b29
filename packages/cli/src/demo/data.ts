/** What the demo's database holds: operations data an agent may look at, and a shop's customers it may not. All invented. */

export const DATABASE = 'app';
/** The role the connector logs in as. */
export const ROLE = 'sallyport';

/** Run as the superuser in database `postgres`. */
export function createDatabase(password: string): readonly string[] {
  return [`CREATE ROLE ${ROLE} LOGIN PASSWORD '${password}'`, `CREATE DATABASE ${DATABASE} OWNER ${ROLE}`];
}

/** Run in the new database. The role may do all of this: what agents may do is Sallyport's to say. */
export const fillDatabase = `
SET ROLE ${ROLE};
SELECT setseed(0.42);

CREATE SCHEMA monitoring;
CREATE TABLE monitoring.hosts (
  id int PRIMARY KEY, name text NOT NULL, role text NOT NULL, region text NOT NULL);
INSERT INTO monitoring.hosts VALUES
  (1, 'web-1', 'web', 'eu-west'), (2, 'web-2', 'web', 'eu-west'), (3, 'checkout-1', 'checkout', 'eu-west'),
  (4, 'checkout-2', 'checkout', 'eu-north'), (5, 'db-1', 'database', 'eu-west'), (6, 'cache-1', 'cache', 'eu-west');

CREATE TABLE monitoring.metrics (
  host_id int NOT NULL REFERENCES monitoring.hosts, at timestamptz NOT NULL, name text NOT NULL, value float8 NOT NULL);
INSERT INTO monitoring.metrics
SELECT h.id, now() - make_interval(mins => m), 'p99_ms',
  CASE WHEN h.name = 'checkout-2' AND m < 90 THEN 1900 ELSE 120 END * (0.8 + random() * 0.4)
FROM monitoring.hosts h, generate_series(0, 1439, 5) m;

CREATE TABLE monitoring.incidents (
  id int PRIMARY KEY, host_id int NOT NULL REFERENCES monitoring.hosts, severity text NOT NULL, title text NOT NULL,
  status text NOT NULL, acknowledgements int NOT NULL DEFAULT 0);
INSERT INTO monitoring.incidents VALUES
  (101, 2, 'low', 'Certificate of web-2 expires in 20 days', 'open', 0),
  (102, 4, 'high', 'Checkout is slow in eu-north', 'open', 0),
  (100, 5, 'high', 'Disk of db-1 is full', 'closed', 1);

CREATE TABLE monitoring.on_call (
  team text PRIMARY KEY, name text NOT NULL, contact_email text NOT NULL, phone text NOT NULL);
INSERT INTO monitoring.on_call VALUES
  ('checkout', 'Ines', 'ines@shop.example', '+49 30 5550 0142'), ('database', 'Tomas', 'tomas@shop.example', '+49 30 5550 0177');

CREATE TABLE monitoring.events (
  id int PRIMARY KEY, host_id int NOT NULL REFERENCES monitoring.hosts, message text NOT NULL);
INSERT INTO monitoring.events VALUES
  (1, 4, 'payment provider timed out after 1500 ms'),
  (2, 4, 'retrying charge of card 4111 1111 1111 1111 for mara@mail.example'),
  (3, 4, 'payment provider timed out after 1500 ms');

CREATE SCHEMA shop;
CREATE TABLE shop.customers (
  id int PRIMARY KEY, name text NOT NULL, email text NOT NULL, ssn text NOT NULL, card_number text NOT NULL);
INSERT INTO shop.customers VALUES
  (1, 'Mara', 'mara@mail.example', '536-22-8743', '4111111111111111'),
  (2, 'Jonas', 'jonas@mail.example', '219-41-6628', '5555555555554444'),
  (3, 'Amina', 'amina@mail.example', '401-73-5190', '378282246310005');
CREATE TABLE shop.orders (
  id int PRIMARY KEY, customer_id int NOT NULL REFERENCES shop.customers, total numeric(10, 2) NOT NULL, status text NOT NULL);
INSERT INTO shop.orders
SELECT n, 1 + n % 3, round((random() * 200)::numeric, 2), CASE WHEN n % 7 = 0 THEN 'failed' ELSE 'paid' END
FROM generate_series(1, 240) n;
`;
