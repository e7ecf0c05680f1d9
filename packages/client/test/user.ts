/** A user who agrees to everything: follows the login page's redirect back to the client. */
export async function agreeingUser(url: URL): Promise<void> {
  const response = await fetch(url, { redirect: 'follow' });
  await response.text();
}

/** A clock that the test moves; starts at a fixed time. */
export function testClock(): { readonly now: () => number; advance(seconds: number): void } {
  let time = Date.UTC(2026, 0, 1);
  return {
    now: () => time,
    advance: (seconds) => {
      time += seconds * 1000;
    },
  };
}
