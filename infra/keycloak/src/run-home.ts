import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What a run shares with all others; the rest, `bin` and `data`, is its own. */
const shared = ['lib', 'conf', 'providers', 'themes'];

/** A home of Keycloak for one run: its own database, the prepared distribution for the rest. */
export async function createRunHome(distribution: string, home: string): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  for (const name of shared) await symlink(join(distribution, name), join(home, name));
  // `kc.sh` finds its home by where it lies, links followed.
  await cp(join(distribution, 'bin', 'kc.sh'), join(home, 'bin', 'kc.sh'));
  await cp(join(distribution, 'data'), join(home, 'data'), { recursive: true });
  return home;
}
