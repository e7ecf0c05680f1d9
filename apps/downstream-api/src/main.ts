import { runService } from '@mcp-obo/service';
import { environment, readConfig } from './config.ts';
import { start } from './start.ts';

await runService({
  name: 'downstream-api',
  purpose: 'the example API behind the MCP server, expenses by the user of its own token',
  variables: Object.keys(environment),
  readConfig,
  start,
});
