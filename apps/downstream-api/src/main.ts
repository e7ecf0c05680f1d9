import { runService } from '@mcp-obo/service';
import manifest from '../package.json' with { type: 'json' };
import { environment, readConfig } from './config.ts';
import { start } from './start.ts';

await runService({
  name: 'downstream-api',
  version: manifest.version,
  purpose: 'the example API behind the MCP server, expenses by the user of its own token',
  variables: Object.keys(environment),
  readConfig,
  start,
});
