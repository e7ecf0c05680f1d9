import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Source } from '../scan.ts';
import type { Secret } from '../secret.ts';
import { valuesOf, type WireMessage } from './message.ts';
import { secretsOf } from './secrets-of.ts';

/** Where observers of a run, one a process, write what they see. The folder holds secrets and is private. */
export interface Notebook {
  readonly note: (message: WireMessage) => void;
  readonly noteSecret: (secret: Secret) => void;
}

/** What a caller or a model reads of an answer: refusals of every part, and everything of an MCP endpoint. */
function isShown({ status, url }: WireMessage): boolean {
  return status >= 400 || new URL(url).pathname === '/mcp';
}

/** Opens the notebook of this process in the folder of a run. */
export function openNotebook(folder: string, process: string): Notebook {
  const file = (name: string) => {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
    return join(folder, name, `${process}.jsonl`);
  };
  const secrets = file('secrets');
  const answers = file('answers');
  const seen = new Set<string>();
  const noteSecret = (secret: Secret) => {
    const key = `${secret.kind} ${secret.value}`;
    if (seen.has(key)) return;
    seen.add(key);
    appendFileSync(secrets, `${JSON.stringify(secret)}\n`);
  };
  return {
    noteSecret,
    note(message) {
      for (const secret of secretsOf(message)) noteSecret(secret);
      if (!isShown(message)) return;
      const { method, url, status, responseFields, responseBody } = message;
      const challenge = valuesOf(responseFields, 'www-authenticate').join(', ');
      const place = `answer ${status} of ${method} ${new URL(url).pathname}`;
      appendFileSync(answers, `${JSON.stringify({ place, text: `${challenge}\n${responseBody}` })}\n`);
    },
  };
}

/** All secrets that the observers of a run saw. What they saw under two names has the more telling one. */
export function readSecrets(folder: string): readonly Secret[] {
  const all = lines<Secret>(join(folder, 'secrets'));
  const general = all.filter(({ kind }) => kind === 'access token');
  const byValue = new Map(
    [...general, ...all.filter((one) => !general.includes(one))].map((one) => [one.value, one]),
  );
  return [...byValue.values()];
}

/** All answers that callers of a run read. */
export function readAnswers(folder: string): readonly Source[] {
  return lines<Source>(join(folder, 'answers'));
}

function lines<T>(folder: string): readonly T[] {
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T),
  );
}
