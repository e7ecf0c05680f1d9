import { runService } from '@mcp-obo/service';
import manifest from '../package.json' with { type: 'json' };
import { environment, readConfig } from './config.ts';
import { start } from './start.ts';

await runService({
  name: 'dev-idp',
  version: manifest.version,
  purpose: 'an identity provider for development, with a login page and a consent page',
  variables: Object.keys(environment),
  readConfig,
  start,
});
