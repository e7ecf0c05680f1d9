import { describe, expect, it } from 'vitest';
import { createStorage } from './storage.ts';

describe('storage of one issuer', () => {
  it('forgets what has expired', async () => {
    let now = 1_000_000;
    const sessions = createStorage(() => now)('Session');
    await sessions.upsert('1', { uid: 'u' }, 60);
    now += 59_999;
    expect(await sessions.find('1')).toEqual({ uid: 'u' });
    now += 1;
    expect(await sessions.find('1')).toBeUndefined();
    expect(await sessions.findByUid('u')).toBeUndefined();
  });

  it('finds a session by its uid also after its id has changed, and not after its end', async () => {
    const sessions = createStorage(() => 0)('Session');
    await sessions.upsert('old', { uid: 'u', accountId: 'before' }, 60);
    await sessions.destroy('old');
    await sessions.upsert('new', { uid: 'u', accountId: 'after' }, 60);
    expect(await sessions.findByUid('u')).toEqual({ uid: 'u', accountId: 'after' });
    await sessions.destroy('old');
    expect(await sessions.findByUid('u')).toBeDefined();
    await sessions.destroy('new');
    expect(await sessions.findByUid('u')).toBeUndefined();
  });

  it('keeps models apart that have the same id', async () => {
    const storage = createStorage(() => 0);
    await storage('Session').upsert('1', { uid: 'session' }, 60);
    await storage('Grant').upsert('1', { uid: 'grant' }, 60);
    expect(await storage('Session').find('1')).toEqual({ uid: 'session' });
    await storage('Session').destroy('1');
    expect(await storage('Grant').find('1')).toEqual({ uid: 'grant' });
  });

  it('is shared with no other issuer', async () => {
    const [one, other] = [createStorage(() => 0), createStorage(() => 0)];
    await one('AuthorizationCode').upsert('code', { grantId: 'g' }, 60);
    expect(await other('AuthorizationCode').find('code')).toBeUndefined();
  });

  it('revokes all of a grant and nothing of another', async () => {
    const tokens = createStorage(() => 0)('RefreshToken');
    await tokens.upsert('1', { grantId: 'a' }, 60);
    await tokens.upsert('2', { grantId: 'b' }, 60);
    await tokens.revokeByGrantId('a');
    expect(await tokens.find('1')).toBeUndefined();
    expect(await tokens.find('2')).toEqual({ grantId: 'b' });
  });

  it('marks what was used', async () => {
    const codes = createStorage(() => 5000)('AuthorizationCode');
    await codes.upsert('1', {}, 60);
    await codes.consume('1');
    expect(await codes.find('1')).toEqual({ consumed: 5 });
  });
});
