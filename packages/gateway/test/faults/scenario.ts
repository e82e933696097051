import type { ChildProcess } from 'node:child_process';
import { type Load, type Pace, startLoad } from './load.ts';
import { type Command, openSite, type Shop, type Site, type SiteOptions } from './site.ts';
import { type Figures, verifySite } from './verify.ts';

/** How much of a scenario is run. */
export type Form = { readonly isShort: boolean; readonly rounds: number };

export const forms: Readonly<Record<'short' | 'full', Form>> = {
  short: { isShort: true, rounds: 2 },
  full: { isShort: false, rounds: 8 },
};

export type Skipped = { readonly skipped: string };

export type Scenario = {
  readonly name: string;
  readonly what: string;
  /** Throws when something else than a figure is wrong. */
  run(form: Form): Promise<Figures | Skipped>;
};

export type Ground = {
  readonly site: Site;
  /** A merchant whose receiver answers at once. */
  readonly shop: Shop;
  /** The first processes, as they were asked for. */
  readonly children: readonly ChildProcess[];
  /** Starts to send orders of `shop`. */
  startLoad(pace?: Pace): Load;
  /** A load that was made elsewhere is looked at in the end as well. */
  watch(load: Load): void;
  /** What is left open until everything has come to its end. */
  closeLater(close: () => Promise<void>): void;
};

export type Given = SiteOptions & { readonly processes: readonly Command[] };

/**
 * Opens a site, starts its processes, lets `act` send orders and break things, and counts afterwards what must be zero:
 * what `act` leaves running has to bring everything to its end.
 */
export async function breakSite(given: Given, act: (ground: Ground) => Promise<void>): Promise<Figures | Skipped> {
  const site = await openSite(given);
  if (site === undefined) return { skipped: 'nothing may be mounted here, and a small disk is needed' };
  const loads: Load[] = [];
  const closings: (() => Promise<void>)[] = [];
  const stopLoads = (): Promise<unknown> => Promise.all(loads.map((load) => load.stop()));
  try {
    const shop = await site.openShop(site.receiver.url('ok'));
    const children: ChildProcess[] = [];
    for (const command of given.processes) children.push(await site.start(command));
    await act({
      site,
      shop,
      children,
      startLoad(pace) {
        const load = startLoad(site, shop, pace);
        loads.push(load);
        return load;
      },
      watch: (load) => void loads.push(load),
      closeLater: (close) => void closings.push(close),
    });
    await stopLoads();
    return await verifySite(site, loads);
  } finally {
    await stopLoads();
    for (const close of closings) await close();
    await site.close();
  }
}

export function randomMs(from: number, to: number): number {
  return from + Math.random() * (to - from);
}
