import { runService } from '@mcp-obo/service';
import manifest from '../package.json' with { type: 'json' };
import { environment, readConfig } from './config.ts';
import { start } from './start.ts';

await runService({
  name: 'mcp-server',
  version: manifest.version,
  purpose: 'the example MCP server, expenses behind OAuth',
  variables: Object.keys(environment),
  readConfig,
  start,
});
