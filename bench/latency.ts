import { type Figure, showMs, sleep } from './figure.ts';
import type { Load } from './load.ts';
import { type Bench, connections, enroll } from './rates.ts';
import { runLoad } from './processes.ts';

const ratePerSecond = 1_000;
const quietRatePerSecond = 20;
const overloadConnections = 4_000;

/** How long a merchant waits while 1,000 orders a second are due, whether or not the ones before were answered. */
export async function measureLatency(bench: Bench): Promise<Figure[]> {
  const merchant = await enroll(bench, 20);
  const load = await runLoad({
    port: bench.port,
    requests: bench.orders,
    connections,
    accounts: merchant.accounts,
    seconds: bench.lifeSeconds,
    receiverPort: bench.receiver.port,
    ratePerSecond,
  });
  const { latency, life, accepted, seconds } = load;
  const rate = `${(accepted / seconds).toFixed(0)} of ${ratePerSecond}/s accepted`;
  return [
    {
      question: 'accept at 1,000/s, p99',
      value: showMs(latency.p99Ms),
      target: '≤ 15 ms',
      isMet: latency.p99Ms <= 15,
      note: `p50 ${showMs(latency.p50Ms)}, longest ${showMs(latency.maxMs)}, ${rate}`,
    },
    {
      question: 'create → notification, p99',
      value: showMs(life.p99Ms),
      target: '≤ 500 ms',
      isMet: life.p99Ms <= 500,
      note: `p50 ${showMs(life.p50Ms)}, longest ${showMs(life.maxMs)}`,
    },
  ];
}

/** One order at a time on an idle gateway: batching must not make it wait. */
export async function measureLone(bench: Bench): Promise<Figure> {
  const merchant = await enroll(bench, 1);
  await sleep(500);
  const { latency } = await runLoad({
    port: bench.port,
    requests: bench.orders,
    connections: 1,
    accounts: merchant.accounts,
    seconds: 5,
    ratePerSecond: quietRatePerSecond,
  });
  return {
    question: 'accept, a lone order, p50',
    value: showMs(latency.p50Ms),
    target: '≤ 3 ms',
    isMet: latency.p50Ms <= 3,
    note: `p99 ${showMs(latency.p99Ms)}, ${quietRatePerSecond} a second`,
  };
}

/** Far more clients than can be served in time: what is accepted stays as much, the rest is refused at once. */
export async function measureOverload(bench: Bench): Promise<Figure> {
  const merchant = await enroll(bench, 20);
  const ask = (from: number, clients: number): Promise<Load> =>
    runLoad({
      port: bench.port,
      requests: bench.orders,
      from,
      connections: clients,
      accounts: merchant.accounts,
      seconds: 6,
      mayRefuse: true,
    });
  const peak = await ask(0, connections);
  const load = await ask(peak.answered + connections, overloadConnections);
  const perSecond = load.accepted / load.seconds;
  const share = perSecond / (peak.accepted / peak.seconds);
  const refused = load.refused / load.seconds;
  return {
    question: `overload, ${overloadConnections} connections`,
    value: `${perSecond.toFixed(0)}/s`,
    target: '≥ 90 %',
    isMet: share >= 0.9 && load.indefinite === 0 && load.broken === 0,
    note:
      `${(share * 100).toFixed(0)} % of the peak, ${refused.toFixed(0)}/s refused, ` +
      `${load.indefinite} of them without a certain no, ${load.broken} broken`,
  };
}
