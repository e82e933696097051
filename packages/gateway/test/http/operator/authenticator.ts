import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

type Ceremony = { readonly challenge: string; readonly origin: string; readonly host: string };
type Odd = { readonly isVerified?: boolean; readonly crossOrigin?: boolean; readonly type?: string };

/** A passkey as a device and its browser make it, from node:crypto alone. */
export class Authenticator {
  readonly id = randomBytes(32);
  readonly #pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  signCount = 1;

  get key(): KeyObject {
    return this.#pair.privateKey;
  }

  register(ceremony: Ceremony, odd: Odd = {}): object {
    const { x = '', y = '' } = this.#pair.publicKey.export({ format: 'jwk' });
    const cose = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x, 'base64url'),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y, 'base64url'),
    ]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const data = Buffer.concat([this.#head(ceremony.host, 0x41, odd), Buffer.alloc(16), length, this.id, cose]);
    // {"fmt": "none", "attStmt": {}, "authData": …}
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3, 0x63]),
      Buffer.from('fmt'),
      Buffer.from([0x64]),
      Buffer.from('none'),
      Buffer.from([0x67]),
      Buffer.from('attStmt'),
      Buffer.from([0xa0, 0x68]),
      Buffer.from('authData'),
      Buffer.from([0x58, data.length]),
      data,
    ]);
    const clientDataJSON = this.#clientData('webauthn.create', ceremony, odd);
    return this.#write({ clientDataJSON, attestationObject });
  }

  assert(ceremony: Ceremony, odd: Odd = {}): object {
    this.signCount += 1;
    const authenticatorData = this.#head(ceremony.host, 0x01, odd);
    const clientDataJSON = this.#clientData('webauthn.get', ceremony, odd);
    const hash = createHash('sha256').update(clientDataJSON).digest();
    const signature = sign('sha256', Buffer.concat([authenticatorData, hash]), this.key);
    return this.#write({ clientDataJSON, authenticatorData, signature });
  }

  #head(host: string, flags: number, odd: Odd): Buffer {
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags | (odd.isVerified === false ? 0 : 0x04));
    rest.writeUInt32BE(this.signCount, 1);
    return Buffer.concat([createHash('sha256').update(host).digest(), rest]);
  }

  #clientData(type: string, { challenge, origin }: Ceremony, odd: Odd): Buffer {
    const said = { type: odd.type ?? type, challenge, origin, crossOrigin: odd.crossOrigin ?? false };
    return Buffer.from(JSON.stringify(said));
  }

  #write(parts: Readonly<Record<string, Buffer>>): object {
    const id = this.id.toString('base64url');
    const response = Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [name, part.toString('base64url')]),
    );
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  }
}
