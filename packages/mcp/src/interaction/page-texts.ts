import { type PageAnswer, type PageButton, page } from './interaction-page.ts';
import type { InteractionRecord } from './interaction-records.ts';
import type { Purpose } from './purpose.ts';

/** What a page says of one interaction. `server` is what people know the server by. */
type Offer<K extends Purpose['kind']> = (
  server: string,
  purpose: Extract<Purpose, { kind: K }>,
  record: InteractionRecord,
) => { readonly title: string; readonly paragraph: string };

const offers: { readonly [K in Purpose['kind']]: Offer<K> } = {
  consent: (server, { target, scopes }) => ({
    title: `${server} asks for your consent`,
    paragraph: `To go on with what you asked for, ${server} needs access to ${target} on your behalf: ${scopes.join(', ')}.`,
  }),
  login: (server, { operation: { kind, name } }, { client }) => ({
    title: `${server} asks you to sign in again`,
    paragraph: `The program ${client} wants to use the ${kind} ${name} on your behalf, and your last sign-in is too long ago or not strong enough for that. When you have signed in, that program may do so for a while.`,
  }),
  approval: (server, { operation: { kind, name } }, { client }) => ({
    title: `${server} asks for your approval`,
    paragraph: `The program ${client} wants to use the ${kind} ${name} on your behalf. Sign in to see what it would do, and to allow it or not.`,
  }),
};

/** What is asked, before the user leaves for the issuer. */
export function offerPage(server: string, record: InteractionRecord, action: string): PageAnswer {
  const { purpose, authorizationUrl } = record;
  const { title, paragraph } = (offers[purpose.kind] as Offer<Purpose['kind']>)(
    server,
    purpose as never,
    record,
  );
  const { host, origin } = new URL(authorizationUrl);
  const decide = purpose.kind === 'consent' ? ' and decide' : '';
  return page(200, {
    title,
    paragraphs: [
      paragraph,
      `You will be led to ${host}, where you sign in as the same user${decide}. If you did not ask for this, close the page.`,
    ],
    buttons: [{ label: 'Continue', action, origin }],
  });
}

const extents = {
  call: 'once, with exactly this',
  session: 'for as long as you are signed in, with these values and others; now with this',
} as const;

/** The call that is to be approved, for a user who has just shown who they are. */
export function questionPage(
  server: string,
  { userName, client }: InteractionRecord,
  { operation, shown, approval }: Extract<Purpose, { kind: 'approval' }>,
  buttons: readonly PageButton[],
): PageAnswer {
  const { kind, name } = operation;
  return page(200, {
    title: `${server} asks for your approval`,
    paragraphs: [
      `The program ${client} wants to use the ${kind} ${name} as ${userName}, ${extents[approval]}:`,
    ],
    quoted: shown,
    buttons,
  });
}

export function spentPage(): PageAnswer {
  return page(404, {
    title: 'This link cannot be used',
    paragraphs: ['It was used already or is too old. Ask your assistant again to get a new one.'],
  });
}

export function donePage(): PageAnswer {
  return page(200, {
    title: 'Done',
    paragraphs: ['You can close this page. Your assistant goes on, or repeat what you asked it for.'],
  });
}

export function deniedPage(): PageAnswer {
  return page(200, {
    title: 'It will not be done',
    paragraphs: ['You can close this page. Your assistant is told that you did not approve.'],
  });
}

/** What the user did wrong is said; what else went wrong is in the log. */
const sentences: Readonly<Record<string, string>> = {
  another_browser: 'The link was opened in another browser. Open a new link in one browser only.',
  another_user: 'Another user signed in. Sign in as the user of your assistant.',
  interaction_refused: 'The identity provider did not allow it, or you declined.',
  login_too_old: 'Your identity provider did not have you sign in again. Ask your assistant for a new link.',
  login_too_weak:
    'You signed in, but not as strongly as this needs. Ask an administrator for a stronger way.',
};

export function notDonePage(reason: string): PageAnswer {
  const sentence = Object.hasOwn(sentences, reason) ? sentences[reason] : undefined;
  return page(sentence === undefined ? 502 : 403, {
    title: 'Nothing was changed',
    paragraphs: [sentence ?? 'It could not be completed. Ask your assistant again later.'],
  });
}
