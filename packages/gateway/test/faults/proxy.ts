import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What becomes of bytes on their way: `hold` swallows them until it ends, without closing anything. */
export type Manner = 'pass' | 'delay' | 'truncate' | 'hold';

/** Stands between two sides of a connection and mistreats what passes. */
export type Proxy = {
  /** TCP port; 0 when it listens on a path. */
  readonly port: number;
  treat(manner: Manner): void;
  /** Cuts this share of the connections, in the middle of whatever they carry. */
  cut(share: number): void;
  close(): Promise<void>;
};

const delayMaxMs = 150;

/** Listens on a path or, when it is 0, on a free TCP port, and connects on to a path or a TCP port. */
export async function openProxy({ listen, to }: { listen: string | 0; to: string | number }): Promise<Proxy> {
  let manner: Manner = 'pass';
  let released = Promise.withResolvers<void>();
  const open = new Set<Socket>();

  async function forward(chunk: Buffer, { from, onto }: { from: Socket; onto: Socket }): Promise<void> {
    if (manner === 'hold') await released.promise;
    if (manner === 'delay') await new Promise((resolve) => setTimeout(resolve, Math.random() * delayMaxMs));
    if (manner === 'truncate') {
      onto.end(chunk.subarray(0, chunk.length >> 1));
      from.destroy();
    } else if (onto.writable) onto.write(chunk);
  }

  function link(from: Socket, onto: Socket): void {
    open.add(from);
    let line = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      line = line.then(() => forward(chunk, { from, onto }));
    });
    from.on('end', () => void line.then(() => onto.end()));
    from.on('error', () => onto.destroy());
    from.on('close', () => {
      open.delete(from);
      void line.then(() => onto.destroySoon());
    });
  }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const real = typeof to === 'string' ? connect({ path: to, allowHalfOpen: true }) : connect(to, '127.0.0.1');
    link(client, real);
    link(real, client);
  });
  if (listen === 0) server.listen(0, '127.0.0.1');
  else server.listen(listen);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address as AddressInfo).port : 0,
    treat(next) {
      manner = next;
      released.resolve();
      released = Promise.withResolvers<void>();
    },
    cut(share) {
      for (const socket of open) if (Math.random() < share) socket.destroy();
    },
    async close() {
      released.resolve();
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
