import { scrubText } from '@mcp-obo/telemetry';
import { LRUCache } from 'lru-cache';

/** Longest text in a record. */
const maxLength = 256;

/** Longest list in a record. */
const maxItems = 64;

/**
 * Texts that were found clean. Issuers, clients, users and scopes come again in every record, and looking for
 * credentials in them is most of what a record costs. A text with a credential is never kept.
 */
const knownClean = new LRUCache<string, true>({ max: 10_000 });

/** A text as a record may hold it: no credential in it, and bounded. */
export function clean(text: string): string {
  if (text.length > maxLength) return cut(scrubText(text));
  if (knownClean.get(text) === true) return text;
  const scrubbed = scrubText(text);
  if (scrubbed === text) knownClean.set(text, true);
  return cut(scrubbed);
}

function cut(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

/** A list as a record may hold it. */
export function cleanList(texts: readonly string[]): readonly string[] {
  return texts.slice(0, maxItems).map(clean);
}
