import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A pooler in transaction mode: a client has a server for one transaction; for the next it may be another one. */
export type Pooler = { readonly port: number; close(): Promise<void> };

type Server = { readonly socket: Socket; client: Socket | undefined };

const serversCount = 3;
const authenticated = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

export async function startPooler(path: string, user: string, database: string): Promise<Pooler> {
  const servers = await Promise.all(
    Array.from({ length: serversCount }, () => openServer(path, startupMessage({ user, database }))),
  );
  const clients = new Set<Socket>();
  const listener = createServer((client) => {
    clients.add(client);
    let isStarted = false;
    const waiting: Buffer[] = [];
    const send = (): void => {
      const server = servers.find((one) => one.client === client) ?? servers.find((one) => one.client === undefined);
      if (server === undefined) {
        setTimeout(send, 5);
        return;
      }
      server.client = client;
      for (const chunk of waiting.splice(0)) server.socket.write(chunk);
    };
    client.on('error', () => {});
    client.on('close', () => clients.delete(client));
    client.on('data', (chunk) => {
      const isEnd = chunk[0] === 0x58 && chunk.length === 5;
      if (isEnd) {
        client.end();
        return;
      }
      if (!isStarted) {
        isStarted = true;
        client.write(Buffer.concat([authenticated, readyForQuery]));
        return;
      }
      waiting.push(chunk);
      send();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    async close() {
      for (const client of clients) client.destroy();
      for (const { socket } of servers) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function startupMessage(settings: Readonly<Record<string, string>>): Buffer {
  const words = Object.entries(settings).flatMap(([name, value]) => [name, value]);
  const text = Buffer.from(`${words.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(text.length + 8, 0);
  head.writeUInt32BE(196_608, 4);
  return Buffer.concat([head, text]);
}

/** Connects, signs in, and from then on passes on what comes until the server is ready for the next transaction. */
function openServer(path: string, startup: Buffer): Promise<Server> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(startup));
    const server: Server = { socket, client: undefined };
    let isReady = false;
    let rest = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
        const frame = rest.subarray(0, rest.readUInt32BE(1) + 1);
        rest = rest.subarray(frame.length);
        const isIdle = frame.equals(readyForQuery);
        if (isReady) server.client?.write(frame);
        if (isIdle) server.client = undefined;
        if (isIdle && !isReady) {
          isReady = true;
          resolve(server);
        }
      }
    });
  });
}
