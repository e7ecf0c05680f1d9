import type { InteractionFinish, LoginStart, TokenExchange } from '@mcp-obo/exchange';
import type { Login } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';

/** An exchange whose users log in as a test says. */
export function createLoginExchange() {
  const asked: LoginStart[] = [];
  const finished: InteractionFinish[] = [];
  let answer: Login | OAuthError = { acr: [], amr: [] };
  const refuse = () => Promise.reject(new OAuthError('server_error', 'Nothing is exchanged.'));
  const exchange: TokenExchange = {
    onBehalfOf: refuse,
    forMachine: refuse,
    interactions: {
      start: refuse,
      login: async (request) => {
        asked.push(request);
        return { authorizationUrl: `https://idp.example/authorize?state=${request.state}` };
      },
      finish: async (request) => {
        finished.push(request);
        if (answer instanceof OAuthError) throw answer;
        return answer;
      },
    },
    close: async () => undefined,
  };
  return {
    exchange,
    asked,
    finished,
    /** How the next user logs in, or why that is not believed. */
    answerWith: (next: Login | OAuthError) => {
      answer = next;
    },
  };
}
