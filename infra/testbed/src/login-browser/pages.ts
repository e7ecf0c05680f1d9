/** What a user types and clicks. */
export interface LoginAnswers {
  readonly username: string;
  readonly password: string;
  /** The button on the consent page, if one is shown. `accept` unless told. */
  readonly consent?: 'accept' | 'deny';
  /** The other identity provider to go to, if the login page offers it, by the name it has there. */
  readonly identityProvider?: string;
  /** The one-time code of this moment, when a page asks for one. */
  readonly oneTimeCode?: () => string;
}

/** A page with a form, as a person sees it. */
export interface LoginPage {
  /** Which page this is. */
  readonly kind: 'login' | 'one-time code' | 'consent' | 'other';
  /** Where a person goes instead of filling in the form; undefined: the form is filled in. */
  readonly link?: (answers: LoginAnswers) => string | undefined;
  /** Where the form goes, as it stands in the page. */
  readonly action: string;
  /** The fields of the form when it is filled in like this. */
  readonly fill: (answers: LoginAnswers) => URLSearchParams;
}

/** Reads the pages of one identity provider: the refusal it shows, the form to fill in, or neither. */
export type PageReader = (markup: string) => LoginPage | { readonly refusal: string } | undefined;
