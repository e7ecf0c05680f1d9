/** What a user types and clicks. */
export interface LoginAnswers {
  readonly username: string;
  readonly password: string;
  /** The button on the consent page, if one is shown. `accept` unless told. */
  readonly consent?: 'accept' | 'deny';
}

/** A page with a form, as a person sees it. */
export interface LoginPage {
  /** Which page this is. */
  readonly kind: 'login' | 'consent' | 'other';
  /** Where the form goes, as it stands in the page. */
  readonly action: string;
  /** The fields of the form when it is filled in like this. */
  readonly fill: (answers: LoginAnswers) => URLSearchParams;
}

/** Reads the pages of one identity provider: the refusal it shows, the form to fill in, or neither. */
export type PageReader = (markup: string) => LoginPage | { readonly refusal: string } | undefined;
