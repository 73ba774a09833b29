import { TPCH_QUERIES } from '../oracle/tpch/queries.ts';
import { TPCH_SCHEMA } from '../oracle/tpch/schema.ts';

/** What the clients of the benign corpus look at: a small shop, an application's tables, and measurements. */
export const BENIGN_SCHEMA = `
CREATE SCHEMA monitoring;
CREATE TYPE public.order_status AS ENUM ('new', 'paid', 'sent');
CREATE DOMAIN public.email_address AS text CHECK (position('@' in VALUE) > 1);
CREATE TABLE public.customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name varchar(100) NOT NULL, email public.email_address UNIQUE, active boolean NOT NULL DEFAULT true,
  settings jsonb NOT NULL DEFAULT '{}', tags text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz);
CREATE TABLE public.products (
  id serial PRIMARY KEY, sku text NOT NULL UNIQUE, title text NOT NULL, price numeric(12, 2) NOT NULL CHECK (price >= 0),
  search tsvector GENERATED ALWAYS AS (to_tsvector('english', title)) STORED);
CREATE TABLE public.orders (
  id bigserial PRIMARY KEY, customer_id bigint NOT NULL REFERENCES public.customers ON DELETE CASCADE,
  status public.order_status NOT NULL DEFAULT 'new', total numeric(12, 2) NOT NULL DEFAULT 0,
  placed_at timestamptz NOT NULL DEFAULT now(), note text);
CREATE TABLE public.order_items (
  order_id bigint NOT NULL REFERENCES public.orders ON DELETE CASCADE, product_id int NOT NULL REFERENCES public.products,
  quantity int NOT NULL DEFAULT 1, PRIMARY KEY (order_id, product_id));
CREATE INDEX orders_by_customer ON public.orders (customer_id, placed_at DESC);
CREATE INDEX products_search ON public.products USING gin (search);
CREATE VIEW public.order_totals AS
  SELECT c.id, c.name, count(o.id) AS orders, coalesce(sum(o.total), 0) AS total
    FROM public.customers c LEFT JOIN public.orders o ON o.customer_id = c.id GROUP BY c.id;
CREATE MATERIALIZED VIEW public.daily_sales AS
  SELECT date_trunc('day', placed_at) AS day, sum(total) AS total FROM public.orders GROUP BY 1;
CREATE TABLE public.users (
  id bigserial PRIMARY KEY, email text NOT NULL, first_name text, last_name text, created_at timestamp NOT NULL DEFAULT now(),
  updated_at timestamp NOT NULL DEFAULT now());
CREATE TABLE public.posts (
  id bigserial PRIMARY KEY, user_id bigint REFERENCES public.users, title text, body text, published boolean DEFAULT false,
  created_at timestamp NOT NULL DEFAULT now());
CREATE TABLE public.comments (id bigserial PRIMARY KEY, post_id bigint REFERENCES public.posts, body text);
CREATE TABLE public.schema_migrations (version varchar PRIMARY KEY);
CREATE TABLE public.ar_internal_metadata (key varchar PRIMARY KEY, value varchar, created_at timestamp, updated_at timestamp);
CREATE TABLE public.django_migrations (id bigserial PRIMARY KEY, app varchar(255), name varchar(255), applied timestamptz);
CREATE TABLE public.django_session (session_key varchar(40) PRIMARY KEY, session_data text, expire_date timestamptz);
CREATE TABLE public.auth_user (
  id serial PRIMARY KEY, password varchar(128), last_login timestamptz, is_superuser boolean, username varchar(150) UNIQUE,
  first_name varchar(150), last_name varchar(150), email varchar(254), is_staff boolean, is_active boolean,
  date_joined timestamptz);
CREATE TABLE public."User" (id serial PRIMARY KEY, email text NOT NULL, name text);
CREATE TABLE public."Post" (id serial PRIMARY KEY, title text, "authorId" int REFERENCES public."User", published boolean);
CREATE TABLE public."_prisma_migrations" (
  id varchar(36) PRIMARY KEY, checksum varchar(64), finished_at timestamptz, migration_name varchar(255), logs text,
  rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int);
CREATE TABLE public.alembic_version (version_num varchar(32) PRIMARY KEY);
CREATE TABLE public.flyway_schema_history (
  installed_rank int PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20), script varchar(1000),
  checksum int, installed_by varchar(100), installed_on timestamp, execution_time int, success boolean);
CREATE TABLE monitoring.metrics (time timestamptz NOT NULL, host text, name text, value double precision);
CREATE TABLE monitoring.metrics_by_day (day date, host text, value double precision) PARTITION BY RANGE (day);
CREATE TABLE monitoring.metrics_2026 PARTITION OF monitoring.metrics_by_day FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE monitoring.alerts (id int, state text, at timestamptz);
CREATE FUNCTION public.full_name(u public.users) RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT u.first_name || ' ' || u.last_name $$;
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON public.customers FOR EACH ROW EXECUTE FUNCTION public.touch();
COMMENT ON TABLE public.customers IS 'who buys';
INSERT INTO public.customers (name, email) SELECT 'customer ' || g, 'c' || g || '@example.com' FROM generate_series(1, 20) g;
INSERT INTO public.products (sku, title, price) SELECT 's' || g, 'thing ' || g, g FROM generate_series(1, 20) g;
INSERT INTO public.orders (customer_id, total) SELECT g, g * 10 FROM generate_series(1, 20) g;
INSERT INTO public.order_items SELECT g, g, 1 FROM generate_series(1, 20) g;
INSERT INTO public.users (email, first_name, last_name) VALUES ('a@example.com', 'Ada', 'L');
INSERT INTO public.posts (user_id, title) VALUES (1, 'first');
INSERT INTO monitoring.metrics SELECT now() - g * interval '1 minute', 'web-1', 'cpu', g FROM generate_series(1, 60) g;
CREATE SCHEMA tpch;
SET search_path = tpch;
${TPCH_SCHEMA}
${TPCH_QUERIES[14]?.[0] ?? ''};
RESET search_path;
`;
