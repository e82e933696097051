import { useParams } from '@tanstack/react-router';
import type { Operator } from './calls/answers.ts';
import type { IconName } from './parts/icon.tsx';

export type NavigationPage = {
  readonly to: string;
  /** Names the text and the icon. */
  readonly key: IconName;
  /** Opens it after `g`. */
  readonly letter: string;
  readonly group: number;
  readonly role: Operator['role'];
};

/** The pages of the side bar, in groups. */
export const pages = [
  { to: '/', key: 'overview', letter: 'o', group: 0, role: 'viewer' },
  { to: '/payouts', key: 'payouts', letter: 'p', group: 0, role: 'viewer' },
  { to: '/reviews', key: 'reviews', letter: 'r', group: 1, role: 'viewer' },
  { to: '/approvals', key: 'approvals', letter: 'a', group: 1, role: 'viewer' },
  { to: '/notifications', key: 'notifications', letter: 'n', group: 1, role: 'viewer' },
  { to: '/incidents', key: 'incidents', letter: 'i', group: 1, role: 'viewer' },
  { to: '/merchants', key: 'merchants', letter: 'm', group: 2, role: 'viewer' },
  { to: '/services', key: 'services', letter: 's', group: 2, role: 'viewer' },
  { to: '/pauses', key: 'pauses', letter: 'k', group: 2, role: 'viewer' },
  { to: '/system', key: 'system', letter: 't', group: 3, role: 'viewer' },
  { to: '/users', key: 'users', letter: 'u', group: 3, role: 'owner' },
  { to: '/audit-log', key: 'auditLog', letter: 'l', group: 3, role: 'approver' },
  { to: '/own', key: 'own', letter: 'y', group: 3, role: 'viewer' },
] as const satisfies readonly NavigationPage[];

/** What a page's button does, opened from anywhere: the form stands in the page's address. */
export const acts = [
  { to: '/merchants', hash: 'add', key: 'merchants.create', role: 'operator' },
  { to: '/services', hash: 'add', key: 'services.create', role: 'approver' },
  { to: '/pauses', hash: 'add', key: 'pauses.set', role: 'operator' },
  { to: '/users', hash: 'add', key: 'users.create', role: 'owner' },
  { to: '/own', hash: 'totp', key: 'factors.addTotp', role: 'viewer' },
  { to: '/own', hash: 'passkey', key: 'factors.addPasskey', role: 'viewer' },
  { to: '/own', hash: 'token', key: 'own.createToken', role: 'viewer' },
  { to: '/own', hash: 'password', key: 'own.changePassword', role: 'viewer' },
  { to: '/own', hash: 'end-all', key: 'own.endAll', role: 'viewer' },
] as const satisfies readonly { to: string; hash: string; key: string; role: Operator['role'] }[];

/** The parts of the page's address, as text. */
export function useAddress(): { readonly payoutId: string; readonly merchantId: string; readonly accountId: string } {
  const {
    payoutId = '',
    merchantId = '',
    accountId = '',
  } = useParams({ strict: false }) as Partial<Readonly<Record<'payoutId' | 'merchantId' | 'accountId', string>>>;
  return { payoutId, merchantId, accountId };
}
