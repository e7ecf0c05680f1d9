import type { ProfileName } from '@mcp-obo/idp-profile';
import { auth0Rows } from './auth0-rows.ts';
import { brokerRows } from './broker-rows.ts';
import { entraRows } from './entra-rows.ts';
import type { ErrorRow } from './error-row.ts';
import { keycloakRows } from './keycloak-rows.ts';
import { oktaRows } from './okta-rows.ts';
import { standardRows } from './standard-rows.ts';

/** The table of each provider: its own rows, then those that hold everywhere. */
export const errorRows: Readonly<Record<ProfileName, readonly ErrorRow[]>> = {
  entra: [...entraRows, ...standardRows],
  okta: [...oktaRows, ...standardRows],
  auth0: [...auth0Rows, ...standardRows],
  keycloak: [...keycloakRows, ...standardRows],
  generic: standardRows,
  broker: brokerRows,
};
