/** Tokens for other APIs, for `McpGuardOptions.exchange`: in this process, or through the broker. */
export {
  type BrokerClientOptions,
  createBrokerClient,
  createLocalExchange,
  type LocalExchangeOptions,
  type TokenExchange,
} from '@mcp-obo/exchange';
