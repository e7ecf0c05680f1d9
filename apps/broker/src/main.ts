import { runService } from '@mcp-obo/service';
import manifest from '../package.json' with { type: 'json' };
import { environmentNames, loadConfig } from './config.ts';
import { start } from './start.ts';

await runService({
  name: 'broker',
  version: manifest.version,
  purpose: 'exchanges a user’s token for one scoped to a downstream API',
  variables: Object.keys(environmentNames),
  // An MCP server that traces says itself what is recorded; of callers that do not, one request in ten is enough.
  recordedRoots: 0.1,
  readConfig: loadConfig,
  start,
});
