import { type AuthSession, type AuthSessionOptions, createAuthSession } from '../src/index.ts';
import {
  type Behaviour,
  startAuthorizationServer,
  type TestAuthorizationServer,
} from './authorization-server.ts';
import { type Answer, type Demand, startResource, type TestResource } from './resource-server.ts';
import { agreeingUser, testClock } from './user.ts';

export interface Stage {
  readonly issuer: TestAuthorizationServer;
  readonly resource: TestResource;
  readonly clock: ReturnType<typeof testClock>;
  /** Login pages that were opened. */
  readonly opened: URL[];
  /** A session of a user who agrees, unless the options say otherwise. */
  session(options?: Partial<AuthSessionOptions>): AuthSession;
  close(): Promise<void>;
}

/** Authorization server, protected resource, clock and user, ready to log in. */
export async function setStage(
  behaviour: Behaviour = {},
  resourceOptions: Partial<{ demand: Demand; answer: Answer }> = {},
): Promise<Stage> {
  const clock = testClock();
  const issuer = await startAuthorizationServer(clock.now, behaviour);
  const resource = await startResource(issuer, clock.now, resourceOptions);
  const opened: URL[] = [];
  return {
    issuer,
    resource,
    clock,
    opened,
    session: (options = {}) =>
      createAuthSession({
        serverUrl: resource.url,
        clientId: 'registered-client',
        now: clock.now,
        ...options,
        openBrowser: (url) => {
          opened.push(url);
          return (options.openBrowser ?? agreeingUser)(url);
        },
      }),
    close: async () => {
      await Promise.all([issuer.close(), resource.close()]);
    },
  };
}
