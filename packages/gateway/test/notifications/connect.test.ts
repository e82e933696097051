import assert from 'node:assert/strict';
import { once } from 'node:events';
import { BlockList, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Agent } from 'undici';
import {
  AddressRefused,
  type ConnectOptions,
  createConnector,
  type Guards,
  makeGuards,
} from '../../src/notifications/connect.ts';
import { certificate } from './certificate.ts';
import { openReceiver, type Receiver, withStatus } from './receiver.ts';

const strict = makeGuards({ allowLoopback: false });
const loopback = makeGuards({ allowLoopback: true });
const openLists: Guards['blockLists'] = { ipv4: new BlockList(), ipv6: new BlockList() };

/** Asks once and says what came: a status, or the error. */
async function ask(url: string, options: ConnectOptions): Promise<number | Error> {
  const agent = new Agent({ connect: createConnector(options), allowH2: false });
  try {
    const { origin, pathname, search } = new URL(url);
    const { statusCode, body } = await agent.request({ origin, path: pathname + search, method: 'GET' });
    await body.dump();
    return statusCode;
  } catch (error) {
    return error as Error;
  } finally {
    await agent.destroy();
  }
}

function codeOf(answer: number | Error): unknown {
  return typeof answer === 'number' ? answer : Reflect.get(answer, 'code');
}

describe('connections to receivers', () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await openReceiver();
  });
  after(() => receiver.close());

  async function assertRefused(url: string, options: ConnectOptions): Promise<void> {
    const seen = receiver.connections();
    const answer = await ask(url, options);
    assert.ok(answer instanceof AddressRefused, `${url} gave ${String(answer)}`);
    assert.match(answer.message, /the host/, 'it was refused only after the connection');
    assert.equal(receiver.connections(), seen, 'a connection was opened');
  }

  it('reach loopback only by the development setting', async () => {
    assert.equal(await ask(receiver.url, { guards: loopback }), 200);
    await assertRefused(receiver.url, { guards: strict });
    await assertRefused(receiver.url.replace('127.0.0.1', 'localhost'), { guards: strict });
    assert.equal(await ask(receiver.url.replace('127.0.0.1', 'localhost'), { guards: loopback }), 200);
  });

  const spellings = ['2130706433', '0x7f000001', '0177.0.0.1', '127.1', '[::1]', '[::ffff:7f00:1]', '[::7f00:1]'];
  for (const spelling of [...spellings, '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '0', '[::]', '127.0.0.1.']) {
    it(`refuse the literal ${spelling}`, () =>
      assertRefused(`http://${spelling}:${receiver.port}/`, { guards: { ...strict, blockLists: openLists } }));
  }

  it('refuse by the first guard alone: a literal, and an answer of DNS', async () => {
    const guards = { ...strict, blockLists: openLists };
    await assertRefused(receiver.url, { guards });
    const answers = ['127.0.0.1', '10.0.0.1', '::1', '::ffff:127.0.0.1', 'fd00::1', '169.254.169.254', 'nonsense'];
    for (const answer of answers) {
      await assertRefused(`http://shop.example:${receiver.port}/`, { guards, resolve: async () => [answer] });
    }
    await assertRefused(`http://shop.example:${receiver.port}/`, { guards, resolve: async () => [] });
  });

  it('refuse by the second guard alone: the block list of the socket', async () => {
    const guards = { ...strict, isAllowed: () => true };
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '::1', '::7f00:1', '10.0.0.1', '64:ff9b::a00:1']) {
      for (const scheme of ['http', 'https']) {
        const url = `${scheme}://shop.example:${receiver.port}/`;
        assert.equal(codeOf(await ask(url, { guards, resolve: async () => [address] })), 'ERR_IP_BLOCKED', address);
      }
    }
  });

  it('refuse by the third guard alone: the address that the socket says it has', async () => {
    let asked = 0;
    const isAllowed = () => {
      asked += 1;
      return asked === 1;
    };
    const answer = await ask(receiver.url, { guards: { isAllowed, blockLists: openLists } });
    assert.ok(answer instanceof AddressRefused);
    assert.match(answer.message, /led to an address/);
    assert.equal(asked, 2);
  });

  it('judge each answer anew when a name moves to loopback, and take the allowed ones of several', async () => {
    const moved = await openReceiver({ host: '127.0.0.2', port: receiver.port });
    moved.answer = withStatus(204, { connection: 'close' });
    const guards = { isAllowed: (address: string) => address === '127.0.0.2', blockLists: openLists };
    const answers = [['127.0.0.1', '127.0.0.2'], ['127.0.0.1']];
    const connect = createConnector({ guards, resolve: async () => answers.shift() ?? [] });
    const agent = new Agent({ connect, allowH2: false });
    const origin = `http://shop.example:${receiver.port}`;
    const first = await agent.request({ origin, path: '/', method: 'GET' });
    await first.body.dump();
    assert.equal(first.statusCode, 204);
    await assert.rejects(agent.request({ origin, path: '/', method: 'GET' }), AddressRefused);
    await agent.destroy();
    await moved.close();
  });

  it('try the next address when one does not answer', async () => {
    const resolve = async () => ['127.0.0.3', '127.0.0.1'];
    assert.equal(await ask(`http://shop.example:${receiver.port}/`, { guards: loopback, resolve }), 200);
  });

  it('follow no redirect', async () => {
    const seen = receiver.received.length;
    receiver.answer = withStatus(302, { location: receiver.url });
    assert.equal(await ask(receiver.url, { guards: loopback }), 302);
    assert.equal(receiver.received.length, seen + 1);
  });

  it('end in time when nobody answers: a name server, and TLS', async () => {
    const hang = () => new Promise<never>(() => undefined);
    const silent = await openSilentServer();
    const options = { guards: loopback, timeoutMs: 60 };
    assert.equal(codeOf(await ask('http://shop.example/', { ...options, resolve: hang })), 'ETIMEDOUT');
    assert.equal(codeOf(await ask(`https://127.0.0.1:${silent.port}/`, options)), 'ETIMEDOUT');
    await silent.close();
  });
});

describe('TLS to receivers', () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await openReceiver({ isTls: true });
  });
  after(() => receiver.close());
  const resolve = async () => ['127.0.0.1'];

  it('verifies the certificate, and against the host of the URL', async () => {
    const trusting = { guards: loopback, ca: certificate, resolve };
    const { port } = receiver;
    assert.equal(await ask(`https://receiver.example:${port}/`, trusting), 200);
    assert.equal(await ask(`https://127.0.0.1:${port}/`, trusting), 200);
    assert.equal(codeOf(await ask(`https://other.example:${port}/`, trusting)), 'ERR_TLS_CERT_ALTNAME_INVALID');
    const distrusting = { guards: loopback, resolve };
    const answer = await ask(`https://receiver.example:${port}/`, distrusting);
    assert.equal(codeOf(answer), 'DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('is refused where plain connections are', async () => {
    const seen = receiver.connections();
    assert.ok((await ask(receiver.url, { guards: strict, ca: certificate })) instanceof AddressRefused);
    const blocked = { guards: { ...strict, isAllowed: () => true }, ca: certificate };
    assert.equal(codeOf(await ask(receiver.url, blocked)), 'ERR_IP_BLOCKED');
    assert.equal(receiver.connections(), seen);
  });
});

describe('the block lists', () => {
  const isBlocked = ({ ipv4, ipv6 }: Guards['blockLists'], ip: string) =>
    ip.includes(':') ? ipv6.check(ip, 'ipv6') : ipv4.check(ip, 'ipv4');

  it('let public addresses through and nothing else', () => {
    for (const ip of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1', '2a00:1450::1', '64:ff9b::808:808']) {
      assert.equal(isBlocked(strict.blockLists, ip), false, ip);
    }
    const closed = ['0.0.0.1', '10.1.2.3', '100.64.0.1', '127.9.9.9', '169.254.169.254', '172.16.0.1', '192.168.1.1'];
    closed.push('192.0.2.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255');
    closed.push('::', '::1', '::7f00:1', '::ffff:8.8.8.8', 'fe80::1', 'fc00::1', 'fec0::1', 'ff02::1', '100::1');
    closed.push('2001::1', '2001:db8::1', '2002:808:808::', '64:ff9b::7f00:1', '64:ff9b:1::1', '5f00::1');
    for (const ip of closed) assert.equal(isBlocked(strict.blockLists, ip), true, ip);
  });

  it('open loopback and nothing else in development', () => {
    for (const ip of ['127.0.0.1', '127.9.9.9', '::1']) assert.equal(isBlocked(loopback.blockLists, ip), false, ip);
    for (const ip of ['10.0.0.1', '0.0.0.0', '::', '::7f00:1', '::ffff:127.0.0.1', 'fe80::1', '64:ff9b::7f00:1']) {
      assert.equal(isBlocked(loopback.blockLists, ip), true, ip);
      assert.equal(loopback.isAllowed(ip), false, ip);
    }
  });
});

/** Accepts connections and says nothing. */
async function openSilentServer(): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
