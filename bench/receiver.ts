// A merchant's endpoint in a process of its own: answers 200 at once. Whoever connects with FOLLOW is told every few
// milliseconds which orders have arrived: lines of their number and the time, in milliseconds since 1970.
import { type AddressInfo, createServer, type Socket } from 'node:net';

const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok');
const tellEveryMs = 4;

process.stdin.resume().on('close', () => process.exit());

let count = 0;
let news = '';
const followers = new Set<Socket>();

setInterval(() => {
  if (news === '') return;
  for (const follower of followers) follower.write(news, 'latin1');
  news = '';
}, tellEveryMs);

const server = createServer({ noDelay: true }, (socket) => {
  let text = '';
  socket.on('error', () => socket.destroy());
  socket.on('close', () => followers.delete(socket));
  socket.on('data', (part) => {
    text += part.toString('latin1');
    if (text.startsWith('FOLLOW')) {
      followers.add(socket);
      text = '';
    }
    for (let end = endOfRequest(text); end > 0; end = endOfRequest(text)) {
      receive(socket, text.slice(0, end));
      text = text.slice(end);
    }
  });
});

/** Where the first whole request ends; 0 while it is not whole. */
function endOfRequest(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  const end = headEnd + 4 + length;
  return text.length >= end ? end : 0;
}

function receive(socket: Socket, request: string): void {
  if (request.startsWith('GET /count')) {
    socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${String(count).length}\r\n\r\n${count}`);
    return;
  }
  count += 1;
  const order = /"order_id":"order-(\d+)"/.exec(request)?.[1] ?? '';
  if (followers.size > 0) news += `${order} ${(performance.timeOrigin + performance.now()).toFixed(1)}\n`;
  socket.write(answer);
}

server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
