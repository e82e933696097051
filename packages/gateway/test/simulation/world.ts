import { createHeap } from './heap.ts';

/** A world with its own time: everything that waits, waits here, and a seed decides who goes on first. */
export type World = {
  now(): number;
  /** From 0 up to, not including, 1. */
  random(): number;
  chance(share: number): boolean;
  between(min: number, max: number): number;
  sleep(ms: number): Promise<void>;
  /** Lets time pass until nothing is left to happen before `untilMs`. */
  run(untilMs: number): Promise<void>;
};

type Waiting = { readonly at: number; readonly order: number; readonly resolve: () => void };

export function createWorld(seed: number): World {
  const waiting = createHeap<Waiting>((x, y) => x.at < y.at || (x.at === y.at && x.order < y.order));
  let now = 0;
  let order = 0;
  let state = seed >>> 0;

  // mulberry32: small, fast, and the same on every machine.
  function random(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  return {
    now: () => now,
    random,
    chance: (share) => random() < share,
    between: (min, max) => min + random() * (max - min),
    sleep(ms) {
      return new Promise((resolve) => {
        order += 1;
        waiting.push({ at: now + Math.max(0, ms), order, resolve });
      });
    },
    async run(untilMs) {
      for (;;) {
        // Whatever the last step set free runs to its next wait first, groups that gather for one turn included.
        await new Promise((resolve) => setImmediate(resolve));
        const next = waiting.first();
        if (next === undefined || next.at > untilMs) break;
        waiting.pop();
        now = next.at;
        next.resolve();
      }
      now = untilMs;
    },
  };
}

/** A program that can die and sleep at every wait. What a dead one waits for never comes. */
export type Program = {
  wait(ms: number): Promise<void>;
  crash(): void;
  pause(ms: number): void;
};

export function createProgram(world: World): Program {
  let life = 0;
  let pausedUntil = 0;
  return {
    async wait(ms) {
      const own = life;
      await world.sleep(ms);
      while (world.now() < pausedUntil) await world.sleep(pausedUntil - world.now());
      if (own !== life) await new Promise<never>(() => {});
    },
    crash() {
      life += 1;
    },
    pause(ms) {
      pausedUntil = world.now() + ms;
    },
  };
}
