/** The party that acts for the subject, the outermost first (RFC 8693 §4.1). */
export interface Actor {
  readonly sub: string;
  readonly iss?: string;
  readonly act?: Actor;
}

/** The chain from the outermost actor inwards. Only the first entry may decide access (RFC 8693 §4.1). */
export function actorChain(actor: Actor | undefined): readonly Actor[] {
  const chain: Actor[] = [];
  for (let current = actor; current !== undefined; current = current.act) chain.push(current);
  return chain;
}
