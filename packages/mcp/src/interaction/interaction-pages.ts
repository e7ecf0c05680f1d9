import type { UserInteractions } from '@mcp-obo/exchange';
import type { Login } from '@mcp-obo/grant';
import { isOAuthError } from '@mcp-obo/oauth-error';
import type { ApprovalAnswers } from '../approval/approval-answers.ts';
import { approvalLifetime } from '../approval/approvals.ts';
import type { HttpRequest } from '../guard-options.ts';
import { createBrowserCookie } from './browser-cookie.ts';
import { type PageAnswer, redirectTo } from './interaction-page.ts';
import type { InteractionRecord, InteractionRecords, StartedInteraction } from './interaction-records.ts';
import { faultOfLogin } from './login-verdict.ts';
import { deniedPage, donePage, notDonePage, offerPage, questionPage, spentPage } from './page-texts.ts';
import type { ProvenLogins } from './proven-logins.ts';
import type { Purpose } from './purpose.ts';

export interface InteractionPagesOptions {
  /** Where the pages are, e.g. `https://mcp.example/interaction`. */
  readonly url: string;
  /** What people know the server by. */
  readonly serverName: string;
  readonly records: InteractionRecords;
  readonly interactions: UserInteractions;
  readonly logins: ProvenLogins;
  readonly answers: ApprovalAnswers;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told how an interaction went on. */
  readonly observe: (
    record: InteractionRecord,
    step: 'started' | 'completed' | 'refused',
    reason: string,
  ) => void;
  readonly reportFault: (error: unknown) => void;
}

/** Answers requests to the pages; undefined for a path or method that is none of them. */
export type InteractionPages = (request: HttpRequest) => Promise<PageAnswer | undefined>;

/** The paths under that of the pages, where users come back from the issuer and where they answer. */
export function interactionPaths(url: string) {
  const { pathname: link } = new URL(url);
  return { link, callback: `${link}/callback`, answer: `${link}/answer` } as const;
}

/**
 * The pages between an MCP client and the identity provider: one that says what is asked and leads there, one that
 * the user comes back to, and one for an answer. Nothing in a request says where to go next: that is in the record.
 */
export function createInteractionPages(options: InteractionPagesOptions): InteractionPages {
  const { url, serverName, records, interactions, logins, answers, now, observe, reportFault } = options;
  const cookie = createBrowserCookie(url.startsWith('https:'));
  const paths = interactionPaths(url);

  async function show(link: string | null): Promise<PageAnswer> {
    const record = await records.look(link);
    return record === undefined ? spentPage() : offerPage(serverName, record, `${paths.link}?link=${link}`);
  }

  async function leave(link: string | null): Promise<PageAnswer> {
    const started = await records.start(link);
    if (started === undefined) return spentPage();
    const { record } = started;
    observe(record, 'started', 'ok');
    return redirectTo(record.authorizationUrl, cookie.set(record, started.cookie));
  }

  async function comeBack(query: URLSearchParams, request: HttpRequest): Promise<PageAnswer> {
    const record = await records.finish(query.get('state'));
    if (record === undefined) return spentPage();
    if (!cookie.isOf(record, request)) return await refuse(record, 'another_browser');
    try {
      const login = await interactions.finish({
        user: record.user,
        state: record.state,
        nonce: record.nonce,
        codeVerifier: record.codeVerifier,
        redirectUri: `${url}/callback`,
        response: query.toString(),
      });
      return await goOn(record, record.purpose, login);
    } catch (error) {
      reportFault(error);
      return await refuse(record, isOAuthError(error) ? error.reason : 'server_error');
    }
  }

  /** The user is who they should be. */
  async function goOn(record: StartedInteraction, purpose: Purpose, login: Login): Promise<PageAnswer> {
    if (purpose.kind === 'approval') {
      const question = await records.question(record);
      const button = (label: string, answer: string) => ({
        label,
        action: `${paths.answer}?question=${question}&answer=${answer}`,
      });
      return questionPage(serverName, record, purpose, [
        button('Approve', 'approve'),
        button('Do not approve', 'deny'),
      ]);
    }
    if (purpose.kind === 'login') {
      const times = { startedAt: record.startedAt, now: now() };
      const fault = faultOfLogin(login, purpose.demand, times);
      if (fault !== undefined) return await refuse(record, fault);
      await logins.keep(purpose.place, login);
    }
    return await complete(record);
  }

  async function takeAnswer(query: URLSearchParams, request: HttpRequest): Promise<PageAnswer> {
    const record = await records.answer(query.get('question'));
    if (record?.purpose.kind !== 'approval') return spentPage();
    if (!cookie.isOf(record, request)) return await refuse(record, 'another_browser');
    const approved = query.get('answer') === 'approve';
    const until = now() + approvalLifetime;
    await answers.keep(record.purpose.question, { approved, resumed: false, until });
    if (approved) return await complete(record);
    // The call that comes back learns from the answer that it was denied.
    await records.settle(record, 'completed');
    observe(record, 'refused', 'approval_denied');
    return deniedPage();
  }

  async function complete(record: StartedInteraction): Promise<PageAnswer> {
    await records.settle(record, 'completed');
    observe(record, 'completed', 'ok');
    return donePage();
  }

  async function refuse(record: StartedInteraction, reason: string): Promise<PageAnswer> {
    await records.settle(record, 'refused');
    observe(record, 'refused', reason);
    return notDonePage(reason);
  }

  return async (request) => {
    const { pathname, searchParams } = new URL(request.url, url);
    const at = `${request.method} ${pathname}`;
    if (at === `GET ${paths.link}`) return await show(searchParams.get('link'));
    if (at === `POST ${paths.link}`) return await leave(searchParams.get('link'));
    if (at === `GET ${paths.callback}`) return await comeBack(searchParams, request);
    if (at === `POST ${paths.answer}`) return await takeAnswer(searchParams, request);
    return undefined;
  };
}
