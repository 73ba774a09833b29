/** A database with a vault, and everything through which its words could get out of what agents may read. */
export const ATTACKED_SCHEMA = `
CREATE SCHEMA vault;
CREATE SCHEMA monitoring;
CREATE SCHEMA tools;
CREATE ROLE robot;
CREATE TABLE vault.entries (id int PRIMARY KEY, word text);
INSERT INTO vault.entries VALUES (1, 'planted');
CREATE TABLE monitoring.checks (id int PRIMARY KEY, host text, at timestamptz DEFAULT now());
INSERT INTO monitoring.checks VALUES (1, 'web-1'), (2, 'web-2');
CREATE TABLE public.notes (id int, word text);

-- What looks like monitoring, and is not.
CREATE VIEW monitoring.plain_view AS SELECT word FROM vault.entries;
CREATE VIEW monitoring.barrier_view WITH (security_barrier) AS SELECT id, word FROM vault.entries;
CREATE VIEW monitoring.invoker_view WITH (security_invoker) AS SELECT id, word FROM vault.entries;
CREATE VIEW monitoring.deep_view AS SELECT * FROM monitoring.barrier_view;
CREATE VIEW monitoring.mixed_view AS
  SELECT c.id, c.host, (SELECT max(word) FROM vault.entries) AS m FROM monitoring.checks c;
CREATE MATERIALIZED VIEW monitoring.kept AS SELECT word FROM vault.entries;
CREATE TABLE monitoring.parent (id int, word text) PARTITION BY LIST (id);
CREATE TABLE vault.child PARTITION OF monitoring.parent FOR VALUES IN (1);
CREATE TABLE monitoring.ancestor (id int, word text);
CREATE TABLE vault.heir () INHERITS (monitoring.ancestor);
CREATE TABLE monitoring.ruled (id int, word text);
CREATE RULE "_also" AS ON INSERT TO monitoring.ruled DO ALSO INSERT INTO vault.entries VALUES (NEW.id, NEW.word);
CREATE TABLE monitoring.guarded (id int);
ALTER TABLE monitoring.guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY peeks ON monitoring.guarded USING (EXISTS (SELECT FROM vault.entries e WHERE e.id = guarded.id));

-- Code.
CREATE FUNCTION vault.tell() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT word FROM vault.entries LIMIT 1';
CREATE FUNCTION monitoring.tell() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT word FROM vault.entries LIMIT 1';
CREATE FUNCTION monitoring.rows_of() RETURNS SETOF vault.entries LANGUAGE sql AS 'SELECT * FROM vault.entries';
CREATE FUNCTION monitoring.run(text) RETURNS text LANGUAGE plpgsql AS
  $$ DECLARE r text; BEGIN EXECUTE $1 INTO r; RETURN r; END $$;
CREATE FUNCTION monitoring.word_of(monitoring.checks) RETURNS text LANGUAGE sql AS 'SELECT word FROM vault.entries LIMIT 1';
CREATE FUNCTION public.word_of(monitoring.checks) RETURNS text LANGUAGE sql AS 'SELECT word FROM vault.entries LIMIT 1';
CREATE FUNCTION public.lower(int) RETURNS text LANGUAGE sql AS 'SELECT word FROM vault.entries LIMIT 1';
CREATE FUNCTION tools.pg_sleep(double precision) RETURNS text LANGUAGE sql AS 'SELECT word FROM vault.entries LIMIT 1';
CREATE FUNCTION tools.same(text, text) RETURNS boolean LANGUAGE plpgsql AS
  $$ BEGIN RAISE NOTICE '%', (SELECT word FROM vault.entries LIMIT 1); RETURN true; END $$;
CREATE OPERATOR public.=~= (LEFTARG = text, RIGHTARG = text, FUNCTION = tools.same);
CREATE OPERATOR tools.=~= (LEFTARG = text, RIGHTARG = text, FUNCTION = tools.same);
CREATE TYPE public.told AS (word text);
CREATE FUNCTION tools.told(int) RETURNS public.told LANGUAGE sql AS 'SELECT ROW(word)::public.told FROM vault.entries LIMIT 1';
CREATE CAST (int AS public.told) WITH FUNCTION tools.told(int) AS ASSIGNMENT;
CREATE FUNCTION tools.checked(text) RETURNS boolean LANGUAGE plpgsql AS
  $$ BEGIN RAISE NOTICE '%', (SELECT word FROM vault.entries LIMIT 1); RETURN true; END $$;
CREATE DOMAIN public.checked_text AS text CHECK (tools.checked(VALUE));
CREATE AGGREGATE public.gather(text) (SFUNC = textcat, STYPE = text, FINALFUNC = upper);
CREATE FUNCTION tools.collect(text, text) RETURNS text LANGUAGE sql AS 'SELECT word FROM vault.entries LIMIT 1';
CREATE AGGREGATE public.collected(text) (SFUNC = tools.collect, STYPE = text);
CREATE PROCEDURE monitoring.do_it() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM vault.entries; COMMIT; END $$;
CREATE SEQUENCE monitoring.ticket;
CREATE TABLE monitoring.triggered (id int, word text);
CREATE FUNCTION tools.copies() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.word := (SELECT word FROM vault.entries LIMIT 1); RETURN NEW; END $$;
CREATE TRIGGER copies BEFORE INSERT OR UPDATE ON monitoring.triggered FOR EACH ROW EXECUTE FUNCTION tools.copies();
CREATE TABLE monitoring.defaulted (id int, word text DEFAULT monitoring.tell());
CREATE STATISTICS monitoring.told_stats ON id, host FROM monitoring.checks;
`;
