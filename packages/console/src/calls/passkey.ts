import i18n from 'i18next';
import type { Ceremony } from './answers.ts';

/** Whether this browser can make and show passkeys in the form the gateway reads. */
export function hasPasskeys(): boolean {
  return (
    typeof PublicKeyCredential === 'function' && typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function'
  );
}

/** Makes a passkey on this device or a key that is plugged in. Throws with a sentence for people. */
export async function makePasskey({ public_key: options }: Ceremony): Promise<object> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  return toJson(await navigator.credentials.create({ publicKey }).catch(explain));
}

/** Signs the gateway's challenge with a passkey that is chosen now. Throws with a sentence for people. */
export async function showPasskey({ public_key: options }: Ceremony): Promise<object> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  return toJson(await navigator.credentials.get({ publicKey }).catch(explain));
}

function toJson(credential: Credential | null): object {
  if (!(credential instanceof PublicKeyCredential)) throw new Error(i18n.t('factors.passkeyNone'));
  return credential.toJSON();
}

/** The browser does not say whether the person closed its window or had no passkey, so that pages cannot find out. */
function explain(error: unknown): never {
  const name = error instanceof Error ? error.name : '';
  if (name === 'InvalidStateError') throw new Error(i18n.t('factors.passkeyKnown'));
  if (name === 'SecurityError') throw new Error(i18n.t('factors.passkeyAddress'));
  throw new Error(i18n.t('factors.passkeyNone'));
}
