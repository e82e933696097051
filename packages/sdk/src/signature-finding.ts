import type { BodyVariant } from './body-variants.ts';
import type { Spelling } from './sign-spelling.ts';
import type { Digest } from './signature.ts';

/** What likely went wrong; the most telling one first. `label` names a key. */
export type SignatureFinding =
  | { readonly code: 'sign_missing' }
  | { readonly code: 'sign_spelling'; readonly spelling: Spelling }
  | { readonly code: 'sign_not_base64' }
  | { readonly code: 'no_keys' }
  | { readonly code: 'length_wrong'; readonly signBytes: number; readonly keyBytes: string }
  | { readonly code: 'key_unknown' }
  | { readonly code: 'padding_pss'; readonly label: string }
  | { readonly code: 'digest_unsupported'; readonly label: string; readonly digest: string }
  | { readonly code: 'digest_refused'; readonly label: string; readonly digest: Digest }
  | { readonly code: 'key_retired' | 'key_expired'; readonly label: string }
  | { readonly code: 'body_variant'; readonly label: string; readonly digest: Digest; readonly variant: BodyVariant }
  | { readonly code: 'body_other'; readonly label: string; readonly digest: Digest }
  | { readonly code: 'digest_bare'; readonly label: string; readonly digest: Digest };
