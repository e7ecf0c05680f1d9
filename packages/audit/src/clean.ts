import { scrubText } from '@mcp-obo/telemetry';

/** Longest text in a record. */
const maxLength = 256;

/** Longest list in a record. */
const maxItems = 64;

/** A text as a record may hold it: no credential in it, and bounded. */
export function clean(text: string): string {
  const scrubbed = scrubText(text);
  return scrubbed.length > maxLength ? `${scrubbed.slice(0, maxLength)}…` : scrubbed;
}

/** A list as a record may hold it. */
export function cleanList(texts: readonly string[]): readonly string[] {
  return texts.slice(0, maxItems).map(clean);
}
