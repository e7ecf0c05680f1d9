import type { SdkExtra } from './call.ts';
import { isProtocolError, urlElicitationRequired } from './mcp-error.ts';

/** Notes the error by which the user of a call is asked, and passes it on. */
export type NoteAsking = (extra: SdkExtra, error: unknown) => void;

type SetRequestHandler = (...args: unknown[]) => unknown;

/**
 * Lets the error -32042 of a tool reach the wire. The `McpServer` of either SDK line makes a tool error of whatever a
 * tool throws, links lost, unless it is an instance of a class of that very copy of the SDK: so what was noted for a
 * call is thrown again behind it. Call it before anything is registered.
 */
export function letAskingErrorsOut(server: object): NoteAsking {
  const asking = new WeakMap<object, unknown>();
  const lowLevel: unknown = Reflect.get(server, 'server');
  if (typeof lowLevel === 'object' && lowLevel !== null) {
    const setRequestHandler: unknown = Reflect.get(lowLevel, 'setRequestHandler');
    if (typeof setRequestHandler === 'function')
      Object.defineProperty(lowLevel, 'setRequestHandler', {
        value: (...args: unknown[]) => {
          const handler = args.pop();
          return (setRequestHandler as SetRequestHandler).call(
            lowLevel,
            ...args,
            typeof handler === 'function' ? throwing(handler as SetRequestHandler) : handler,
          );
        },
      });
  }

  const throwing =
    (handler: SetRequestHandler) =>
    async (...args: unknown[]) => {
      const result = await handler(...args);
      const extra = args[1];
      if (typeof extra === 'object' && extra !== null && asking.has(extra)) throw asking.get(extra);
      return result;
    };

  return (extra, error) => {
    if (isProtocolError(error) && error.code === urlElicitationRequired) asking.set(extra, error);
  };
}
