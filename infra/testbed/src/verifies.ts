/**
 * Title of a test that proves requirements. The ids stand at the end in brackets, where the requirement
 * table reads them from the test report.
 */
export function verifies(ids: string | readonly string[], title: string): string {
  const list = typeof ids === 'string' ? [ids] : ids;
  return `${title} ${list.map((id) => `[${id}]`).join(' ')}`;
}
