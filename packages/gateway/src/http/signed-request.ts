import type { Problem } from '../core/problem.ts';
import type { AccountEntry } from '../merchants/directory.ts';
import type { Nonces } from '../merchants/nonces.ts';
import type { Verifier } from './verify-signatures.ts';

/** What proving who sends a request takes. */
export type AuthNeeds = {
  readonly directory: {
    findAccount(accountId: string): Promise<AccountEntry | undefined>;
    noteKeyUse(merchantId: bigint, keyId: bigint): void;
  };
  readonly nonces: Nonces;
  readonly verifier: Verifier;
};

export type SignedRequest = {
  /** Names and values in turn, as they came: only these show that a header was sent twice. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
  readonly method: string;
  /** Without a query. */
  readonly path: string;
  /** Where it comes from; asked only for merchants that name their addresses. */
  readonly address: () => string;
};

export type Authenticated =
  | { readonly ok: true; readonly account: AccountEntry }
  | { readonly ok: false; readonly problems: readonly Problem[] };
