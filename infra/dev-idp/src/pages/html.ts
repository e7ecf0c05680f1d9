/** Markup that is safe to put into a page as it is. */
export interface Html {
  readonly markup: string;
}

/** Template tag: everything put in is escaped, unless it is `Html` itself or a list of it. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html {
  const rendered = values.map((value) =>
    typeof value === 'string'
      ? escapeText(value)
      : [value]
          .flat()
          .map(({ markup }) => markup)
          .join(''),
  );
  return { markup: String.raw({ raw: parts }, ...rendered) };
}

/** Markup from a trusted source, taken over as it is. */
export function trusted(markup: string): Html {
  return { markup };
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
