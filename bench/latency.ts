import { type Figure, median, showMs, sleep } from './figure.ts';
import type { Load } from './load.ts';
import { type Bench, connections, enroll } from './rates.ts';
import { runLoad } from './processes.ts';

const ratePerSecond = 1_000;
const warmSeconds = 2;
const quietRatePerSecond = 20;
const overloadConnections = 4_000;
const overloadSeconds = 4;
/** Odd, so that a median is one of them. */
const overloadRounds = 3;

/** How long a merchant waits while 1,000 orders a second are due, whether or not the ones before were answered. */
export async function measureLatency(bench: Bench): Promise<Figure[]> {
  const merchant = await enroll(bench, 20);
  const load = await runLoad({
    port: bench.port,
    requests: bench.orders,
    connections,
    accounts: merchant.accounts,
    seconds: warmSeconds + bench.lifeSeconds,
    warmSeconds,
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
  // The same orders again are new ones for another merchant.
  const ask = async (clients: number): Promise<Load> =>
    runLoad({
      port: bench.port,
      requests: bench.orders,
      connections: clients,
      accounts: (await enroll(bench, 20)).accounts,
      seconds: overloadSeconds,
      mayRefuse: true,
    });
  const rounds: { readonly share: number; readonly load: Load }[] = [];
  for (let round = 0; round < overloadRounds; round += 1) {
    const peak = await ask(connections);
    const load = await ask(overloadConnections);
    rounds.push({ load, share: load.accepted / load.seconds / (peak.accepted / peak.seconds) });
  }
  const perSecond = (count: (load: Load) => number): number =>
    median(rounds.map(({ load }) => count(load) / load.seconds));
  const sum = (count: (load: Load) => number): number => rounds.reduce((all, { load }) => all + count(load), 0);
  const share = median(rounds.map((round) => round.share));
  const [indefinite, broken] = [sum((load) => load.indefinite), sum((load) => load.broken)];
  return {
    question: `overload, ${overloadConnections} connections`,
    value: `${perSecond((load) => load.accepted).toFixed(0)}/s`,
    target: '≥ 90 %',
    isMet: share >= 0.9 && indefinite === 0 && broken === 0,
    note:
      `${(share * 100).toFixed(0)} % of the peak, ${perSecond((load) => load.refused).toFixed(0)}/s refused, ` +
      `${indefinite} of them without a certain no, ${broken} broken`,
  };
}
