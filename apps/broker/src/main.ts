import { runService } from '@mcp-obo/service';
import manifest from '../package.json' with { type: 'json' };
import { environmentNames, loadConfig } from './config.ts';
import { start } from './start.ts';

await runService({
  name: 'broker',
  version: manifest.version,
  purpose: 'exchanges a user’s token for one scoped to a downstream API',
  variables: Object.keys(environmentNames),
  readConfig: loadConfig,
  start,
});
