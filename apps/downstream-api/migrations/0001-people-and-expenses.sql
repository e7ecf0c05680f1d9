-- Who works where. A person is known by its name in the tenant; what tokens say is in identities.
CREATE TABLE people (
  tenant   TEXT NOT NULL,
  username TEXT NOT NULL,
  role     TEXT NOT NULL CHECK (role IN ('employee', 'manager', 'finance', 'auditor')),
  manager  TEXT,
  PRIMARY KEY (tenant, username)
) STRICT;

-- A user of an issuer (by the key of the issuer's profile, not always `sub`) is one person of one tenant.
CREATE TABLE identities (
  issuer   TEXT NOT NULL,
  user_key TEXT NOT NULL,
  tenant   TEXT NOT NULL,
  username TEXT NOT NULL,
  PRIMARY KEY (issuer, user_key),
  FOREIGN KEY (tenant, username) REFERENCES people (tenant, username) ON DELETE CASCADE
) STRICT;

-- Expenses stay when their owner leaves, so the owner is no foreign key.
CREATE TABLE expenses (
  id          TEXT PRIMARY KEY,
  tenant      TEXT NOT NULL,
  owner       TEXT NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0), -- hundredths of the currency
  currency    TEXT NOT NULL CHECK (length(currency) = 3),
  description TEXT NOT NULL,
  submitted   TEXT NOT NULL CHECK (submitted GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  approved_by TEXT
) STRICT;

CREATE INDEX expenses_by_owner ON expenses (tenant, owner, submitted);
CREATE INDEX people_by_manager ON people (tenant, manager);
