/** A reason a process cannot start that is no bad setting: one sentence that says what to do. Exit code 1. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** The sentence for an error that stopped a process from starting; the cause where there is no better one. */
export function startupSentence(error: unknown): string {
  if (error instanceof StartupError) return error.message;
  const { code, port, address, hostname, message } = (error ?? {}) as Record<string, unknown>;
  if (code === 'EADDRINUSE') {
    return `Port ${String(port)} on ${String(address)} is in use. Stop what listens there, or set another port.`;
  }
  if (code === 'EACCES' && port !== undefined) {
    return `Port ${String(port)} may not be opened by this user. Set a port above 1023.`;
  }
  if (code === 'EADDRNOTAVAIL') return `${String(address)} is no address of this machine. Set another host.`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `${String(hostname)} is no known host. Set another one.`;
  return typeof message === 'string' ? message : String(error);
}
