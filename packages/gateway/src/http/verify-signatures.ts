import { verifySignature, verifySignatureAsync } from '@vyplata/sdk/signature';

export type Signed = Readonly<Parameters<typeof verifySignatureAsync>[0]>;

export type Verifier = {
  /** Whether the key made the signature over these bytes. */
  verify(signed: Signed): Promise<boolean>;
  /** Signatures that are not verified yet. */
  waiting(): number;
};

type Waiting = {
  readonly signed: Signed;
  readonly resolve: (isRight: boolean) => void;
  readonly reject: (error: unknown) => void;
};

/** So few are verified by the thread that asks: waking another one would cost as much, and the answer come later. */
const aloneMax = 2;

/**
 * Signatures that were read from their sockets together go to the thread pool together: its threads are woken once for
 * all of them, and while they verify, this thread serves others. One by one they would wake a thread each time, which
 * costs as much as it saves.
 */
export function createVerifier(): Verifier {
  let gathered: Waiting[] = [];
  let waiting = 0;

  function begin(): void {
    const group = gathered;
    gathered = [];
    const verify = group.length > aloneMax ? verifySignatureAsync : verifyHere;
    for (const { signed, resolve, reject } of group) {
      verify(signed)
        .finally(() => (waiting -= 1))
        .then(resolve, reject);
    }
  }

  return {
    verify(signed) {
      waiting += 1;
      return new Promise((resolve, reject) => {
        if (gathered.push({ signed, resolve, reject }) === 1) setImmediate(begin);
      });
    },
    waiting: () => waiting,
  };
}

async function verifyHere(signed: Signed): Promise<boolean> {
  return verifySignature(signed);
}
