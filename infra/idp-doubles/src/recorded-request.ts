import { inspect } from 'node:util';

/** Parameters that are credentials. They can be compared, and are never printed. */
const secretParameters: ReadonlySet<string> = new Set([
  'actor_token',
  'assertion',
  'client_assertion',
  'client_secret',
  'refresh_token',
  'subject_token',
  'token',
]);

/** A request to a token endpoint as it came in. */
export interface RecordedRequest {
  readonly path: string;
  /** Parameters of the URL. */
  readonly query: URLSearchParams;
  /** Body parameters in the order sent; a repeated one appears twice. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** The scheme of the Authorization header (`Basic`), if there was one. */
  readonly authorizationScheme: string | undefined;
  readonly contentType: string | undefined;
  /** First value of a parameter. */
  readonly get: (name: string) => string | undefined;
}

/** Records a request. `JSON.stringify` and `util.inspect` of the record show no credential. */
export function recordRequest(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): RecordedRequest {
  const { pathname: path, searchParams: query } = new URL(url, 'http://127.0.0.1');
  const parameters = entries(body);
  const shown = {
    path,
    parameters: parameters.map(([name, value]) => [name, secretParameters.has(name) ? '[secret]' : value]),
  };
  const contentType = headers['content-type'];
  const record: RecordedRequest = {
    path,
    query,
    parameters,
    authorizationScheme: headers.authorization?.toString().split(' ')[0],
    contentType: contentType?.toString(),
    get: (name) => parameters.find(([each]) => each === name)?.[1],
  };
  return Object.defineProperties(record, {
    toJSON: { value: () => shown },
    [inspect.custom]: { value: () => shown },
  });
}

function entries(body: unknown): [string, string][] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each): [string, string] => [name, String(each)]),
  );
}
