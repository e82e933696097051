// Owns the public names of the package's main entry.
// Promises that importing it loads nothing but this package and Node itself.
// Refuses to hold any code.

export type { AccountBalance, AccountInfo, AccountService, AdvancedSandbox, PayoutStatus } from './answer.ts';
export {
  type CallOptions,
  type Client,
  type ClientKey,
  type ClientOptions,
  createClient,
  type WaitOptions,
} from './client.ts';
export type { CreatedPayout } from './create.ts';
export { type Created, VyplataError, type VyplataErrorCode } from './error.ts';
export type { PayoutStatusName } from './judge.ts';
export {
  type Notification,
  type NotificationRefusal,
  signTestNotification,
  type VerifiedNotification,
  verifyNotification,
} from './notification.ts';
export type { CardDetails, PayoutOrder, PayoutRef } from './order.ts';
export { type Digest, signBody, verifySignature } from './signature.ts';
export { signRequestV2, verifyRequestV2 } from './signature-v2.ts';
