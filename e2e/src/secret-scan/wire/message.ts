/** Header fields in the order they were sent, with repeated names repeated. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** One HTTP exchange, as far as the observer could see it. */
export interface WireMessage {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly requestFields: Fields;
  readonly requestBody: string;
  readonly status: number;
  readonly responseFields: Fields;
  readonly responseBody: string;
}

/** Values of a field, whatever the case of its name. */
export function valuesOf(fields: Fields, name: string): readonly string[] {
  return fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
}

/** The fields of a list in which names and values take turns. */
export function fieldsOf(raw: readonly (string | Buffer)[]): Fields {
  const text = raw.map((entry) => (typeof entry === 'string' ? entry : entry.toString('latin1')));
  return text.flatMap((name, index) => (index % 2 === 0 ? [[name, text[index + 1] ?? ''] as const] : []));
}
