import type { OperationKind } from '@mcp-obo/scopes';
import { letAskingErrorsOut, type NoteAsking } from './asking-errors.ts';
import { type CallBearer, callOf, type SdkExtra } from './call.ts';
import type { McpGuard } from './guard.ts';
import { failedTool, refusedTool, runGuarded } from './guarded-handler.ts';
import { failByProtocolError, refuseByProtocolError } from './protocol-answers.ts';

/**
 * Puts the guard between an `McpServer` of either SDK line and everything that is registered on it from now
 * on. Registrations stay as they are written: each handler asks the one decision before it runs, and what
 * this caller can never have is not there, in lists as in calls. Call it in the factory that makes a server
 * object for each request, before anything is registered.
 *
 * @param caller What the factory was given: the context of `createMcpHandler` (2.x), or the Express request.
 * @returns The same server.
 * @throws TypeError when something is registered already, since that would stay open.
 * @throws RangeError at a registration that has no requirement.
 */
export function guardServer<S extends object>(guard: McpGuard, server: S, caller: CallBearer | object): S {
  refuseEarlierRegistrations(server);
  const noteAsking = letAskingErrorsOut(server);
  const grant = callOf(caller)?.grant;

  const guarded = (kind: OperationKind, register: Register): Register =>
    function registerGuarded(name, ...rest) {
      const handler = rest.pop();
      if (typeof handler !== 'function')
        throw new TypeError(`The ${kind} "${name}" has no handler function.`);
      const { name: key } = guard.requirementOf({ kind, name: kind === 'resource' ? uriOf(rest[0]) : name });
      const registered = register.call(
        server,
        name,
        ...rest,
        guardedHandler[kind](guard, key, handler, noteAsking),
      );
      if (grant === undefined || !guard.listable(grant, kind).has(key)) registered.remove();
      return registered;
    };

  for (const [method, kind] of Object.entries(registrations)) {
    const register: unknown = Reflect.get(server, method);
    if (typeof register === 'function')
      Object.defineProperty(server, method, { value: guarded(kind, register as Register) });
  }
  if ('experimental' in server) Object.defineProperty(server, 'experimental', { get: refuseExperimental });
  return server;
}

/** Every method of `McpServer` that registers, the deprecated ones of 1.x included. The handler comes last. */
const registrations: Readonly<Record<string, OperationKind>> = {
  registerTool: 'tool',
  tool: 'tool',
  registerResource: 'resource',
  resource: 'resource',
  registerPrompt: 'prompt',
  prompt: 'prompt',
};

type Handler = (...args: unknown[]) => unknown;
type Register = (name: string, ...rest: unknown[]) => { remove: () => void };

/** A handler's last argument is the SDK's, before it what the call brought. */
const guardedHandler: Readonly<
  Record<OperationKind, (guard: McpGuard, name: string, handler: unknown, noteAsking: NoteAsking) => Handler>
> = {
  tool:
    (guard, name, handler, noteAsking) =>
    (...args) => {
      const operation = { kind: 'tool', name, args: record(args.length > 1 ? args[0] : undefined) } as const;
      const extra = args.at(-1) as SdkExtra;
      return runGuarded<unknown>(guard, operation, extra, {
        run: () => (handler as Handler)(...args),
        refuse: (decision, call) => refusedTool(guard, call, operation, decision),
        fail: (error) => {
          noteAsking(extra, error);
          return failedTool(error);
        },
      });
    },
  resource:
    (guard, _name, handler) =>
    (...args) => {
      const name = String(args[0]);
      const variables = guard.resolveResource(name)?.variables ?? {};
      const operation = { kind: 'resource', name, args: variables } as const;
      return runGuarded<unknown>(guard, operation, args.at(-1) as SdkExtra, {
        run: () => (handler as Handler)(...args),
        refuse: (decision) => refuseByProtocolError(decision, operation),
        fail: failByProtocolError,
      });
    },
  prompt:
    (guard, name, handler) =>
    (...args) => {
      const operation = {
        kind: 'prompt',
        name,
        args: record(args.length > 1 ? args[0] : undefined),
      } as const;
      return runGuarded<unknown>(guard, operation, args.at(-1) as SdkExtra, {
        run: () => (handler as Handler)(...args),
        refuse: (decision) => refuseByProtocolError(decision, operation),
        fail: failByProtocolError,
      });
    },
};

/** A resource is registered under a URI, or under an object with a URI template; its requirement is named so. */
function uriOf(uriOrTemplate: unknown): string {
  return typeof uriOrTemplate === 'object' && uriOrTemplate !== null && 'uriTemplate' in uriOrTemplate
    ? String(uriOrTemplate.uriTemplate)
    : String(uriOrTemplate);
}

/** Both lines keep what is registered in members of these names. */
const registries = [
  '_registeredTools',
  '_registeredResources',
  '_registeredResourceTemplates',
  '_registeredPrompts',
];

function refuseEarlierRegistrations(server: object): void {
  const names = registries.flatMap((registry) => Object.keys(record(Reflect.get(server, registry))));
  if (names.length > 0)
    throw new TypeError(
      `guardServer must come before all registrations; already there: ${names.join(', ')}.`,
    );
}

function refuseExperimental(): never {
  throw new TypeError('Experimental registrations are not guarded; use registerTool.');
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
