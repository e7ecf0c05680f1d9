import { runService } from '@mcp-obo/service';
import { environment, readConfig } from './config.ts';
import { start } from './start.ts';

await runService({
  name: 'mcp-server',
  purpose: 'the example MCP server, expenses behind OAuth',
  variables: Object.keys(environment),
  readConfig,
  start,
});
