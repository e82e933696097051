import { useParams } from '@tanstack/react-router';
import type { Operator } from './calls/answers.ts';

/** The pages of the side bar, in groups. `key` names the text; `letter` opens it after `g`. */
export const pages = [
  { to: '/', key: 'overview', letter: 'o', group: 0, role: 'viewer' },
  { to: '/payouts', key: 'payouts', letter: 'p', group: 0, role: 'viewer' },
  { to: '/reviews', key: 'reviews', letter: 'r', group: 1, role: 'viewer' },
  { to: '/approvals', key: 'approvals', letter: 'a', group: 1, role: 'viewer' },
  { to: '/notifications', key: 'notifications', letter: 'n', group: 1, role: 'viewer' },
  { to: '/incidents', key: 'incidents', letter: 'i', group: 1, role: 'viewer' },
  { to: '/merchants', key: 'merchants', letter: 'm', group: 2, role: 'viewer' },
  { to: '/services', key: 'services', letter: 's', group: 2, role: 'viewer' },
  { to: '/users', key: 'users', letter: 'u', group: 3, role: 'owner' },
  { to: '/audit-log', key: 'auditLog', letter: 'l', group: 3, role: 'approver' },
  { to: '/own', key: 'own', letter: 'y', group: 3, role: 'viewer' },
] as const satisfies readonly { to: string; key: string; letter: string; group: number; role: Operator['role'] }[];

/** The parts of the page's address, as text. */
export function useAddress(): { readonly payoutId: string; readonly merchantId: string; readonly accountId: string } {
  const {
    payoutId = '',
    merchantId = '',
    accountId = '',
  } = useParams({ strict: false }) as Partial<Readonly<Record<'payoutId' | 'merchantId' | 'accountId', string>>>;
  return { payoutId, merchantId, accountId };
}
