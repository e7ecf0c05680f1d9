import { z } from 'zod';

/** A name used in logs, policies and cache keys. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}$/, 'must be a plain name without spaces');
