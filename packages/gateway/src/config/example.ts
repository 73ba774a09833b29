/** The configuration that `sallyport init` writes: everything a first start needs, the rest as comments with their defaults. */
export function exampleConfig(): string {
  return EXAMPLE;
}

const EXAMPLE = `# Sallyport. Every key, with what is allowed: docs/configuration.md
# Relative paths start at the folder of this file.

# The audit log, the recordings and the store go here. Keep it: it is the record.
data_directory: ./data

# The outer doors. An address other than loopback needs tls, because clients send access tokens.
listeners:
  - protocol: postgres
    listen: 127.0.0.1:6432
    # tls: { cert_file: ./tls/server.crt, key_file: ./tls/server.key }
  # - protocol: http
  #   listen: 127.0.0.1:8081

# The API behind "sallyport requests", "approve", "sessions" and "replay".
control_plane:
  listen: 127.0.0.1:7403
  roles:
    auditors: [auditors] # may read every session and recording
    operators: [operators] # may end every session

# Whose access tokens are accepted. Clients present one as the PostgreSQL password or the HTTP bearer token.
identity:
  issuers:
    - name: company
      issuer: https://login.example.com
      audience: sallyport
      # claims: { groups: realm_access.roles, actor: act.sub }

# What clients can reach. psql "host=127.0.0.1 port=6432 user=<name of the target> dbname=…"
targets:
  - name: warehouse
    protocol: postgres
    host: db.internal
    database: app
    tls:
      mode: verify-full
      # ca_file: ./tls/database-ca.crt
    credential:
      username: sallyport # give it no more than agents may ever have
      password_file: ./secrets/warehouse-password
  # - name: billing
  #   protocol: http
  #   url: https://billing.internal/api
  #   credential: { kind: bearer, token_file: ./secrets/billing-token }

# Cedar policies; no policy, no access. The starter set: agents read the schema "monitoring", people approve changes,
# destroying databases, pivots and role changes are forbidden.
policy:
  directory: ./policies

# What is masked in every reply unless policy permits "reveal" of its class. Detectors also find e-mail addresses,
# payment cards, US social security numbers, tokens and keys wherever they occur.
masking:
  classified: []
  # - { column: shop.customers.ssn, class: ssn }
  column_names: []
  # - { pattern: "*password*", class: password }
  # classes: # how; a class that is not named is hidden whole
  #   ssn: { strategy: partial, keep: last-4 }

approval:
  expiry_seconds: 900 # how long an operation waits for people
  redeem_seconds: 60 # how long an approval can be used

recording:
  reply_bytes_per_operation: 65536 # of each masked reply; the rest is counted only

audit:
  durability: write # "sync" makes reads wait for the disk too; changes always do

# limits: { statement_bytes: 1048576, max_connections: 2000 }
# log: { level: info }
`;
