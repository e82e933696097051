import { useParams } from '@tanstack/react-router';
import type { Operator } from './calls/answers.ts';
import { isMerchantSide } from './calls/side.ts';
import type { IconName } from './parts/icon.tsx';

export type NavigationPage = {
  readonly to: string;
  /** Names the text and the icon. */
  readonly key: IconName;
  /** Opens it after `g`. */
  readonly letter: string;
  readonly group: number;
  readonly role: Role;
};

type Role = Operator['role'];

const operatorPages = [
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

const merchantPages = [
  { to: '/', key: 'overview', letter: 'o', group: 0, role: 'merchant' },
  { to: '/payouts', key: 'payouts', letter: 'p', group: 0, role: 'merchant' },
  { to: '/order', key: 'order', letter: 'n', group: 0, role: 'merchant' },
  { to: '/accounts', key: 'accounts', letter: 'a', group: 0, role: 'merchant' },
  { to: '/keys', key: 'keys', letter: 'c', group: 1, role: 'merchant' },
  { to: '/endpoints', key: 'endpoints', letter: 'e', group: 1, role: 'merchant' },
  { to: '/integration', key: 'integration', letter: 'i', group: 2, role: 'merchant' },
  { to: '/debugger', key: 'debugger', letter: 'd', group: 2, role: 'merchant' },
  { to: '/own', key: 'own', letter: 'y', group: 3, role: 'merchant' },
] as const satisfies readonly NavigationPage[];

type KnownPage = (typeof operatorPages)[number] | (typeof merchantPages)[number];

/** The pages of the side bar, in groups. */
export const pages: readonly KnownPage[] = isMerchantSide ? merchantPages : operatorPages;

const ownActs = [
  { to: '/own', hash: 'totp', key: 'factors.addTotp' },
  { to: '/own', hash: 'passkey', key: 'factors.addPasskey' },
  { to: '/own', hash: 'token', key: 'own.createToken' },
  { to: '/own', hash: 'password', key: 'own.changePassword' },
  { to: '/own', hash: 'end-all', key: 'own.endAll' },
] as const;

const operatorActs = [
  { to: '/payouts', hash: 'recipient', key: 'recipient.title', role: 'operator' },
  { to: '/payouts', hash: 'export', key: 'export.title', role: 'viewer' },
  { to: '/merchants', hash: 'add', key: 'merchants.create', role: 'operator' },
  { to: '/services', hash: 'add', key: 'services.create', role: 'approver' },
  { to: '/pauses', hash: 'add', key: 'pauses.set', role: 'operator' },
  { to: '/users', hash: 'add', key: 'users.create', role: 'owner' },
  ...ownActs.map((act) => ({ ...act, role: 'viewer' as const })),
] as const;

const merchantActs = [
  { to: '/payouts', hash: 'recipient', key: 'recipient.title', role: 'merchant' },
  { to: '/payouts', hash: 'export', key: 'export.title', role: 'merchant' },
  { to: '/keys', hash: 'generate', key: 'keys.generate', role: 'merchant' },
  { to: '/keys', hash: 'upload', key: 'keys.upload', role: 'merchant' },
  { to: '/endpoints', hash: 'add', key: 'endpoints.create', role: 'merchant' },
  ...ownActs.map((act) => ({ ...act, role: 'merchant' as const })),
] as const;

type KnownAct = (typeof operatorActs)[number] | (typeof merchantActs)[number];

/** What a page's button does, opened from anywhere: the form stands in the page's address. */
export const acts: readonly KnownAct[] = isMerchantSide ? merchantActs : operatorActs;

/** The parts of the page's address, as text. */
export function useAddress(): { readonly payoutId: string; readonly merchantId: string; readonly accountId: string } {
  const {
    payoutId = '',
    merchantId = '',
    accountId = '',
  } = useParams({ strict: false }) as Partial<Readonly<Record<'payoutId' | 'merchantId' | 'accountId', string>>>;
  return { payoutId, merchantId, accountId };
}
