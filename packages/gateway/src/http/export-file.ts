import { Readable } from 'node:stream';
import { Refusal } from '../core/problem.ts';

/** A file that is sent while it is made. */
export type ExportedFile = {
  readonly contentType: string;
  readonly name: string;
  readonly content: Readable;
};

/** Each takes a connection now and then and a part of a core: a few at a time are enough. */
const exportsMax = 4;
let exporting = 0;

/**
 * A file of what `make` gives out, of which no more is kept than what is on its way. A reader that goes away ends it.
 * Throws a Refusal when too many are under way.
 */
export function openExport(given: {
  readonly contentType: string;
  /** Without the day and the ending. */
  readonly name: string;
  readonly ending: string;
  readonly make: () => AsyncIterable<Uint8Array>;
}): ExportedFile {
  if (exporting >= exportsMax) throw new Refusal([{ code: 'too_fast', field: 'request' }]);
  const content = Readable.from(given.make(), { objectMode: false });
  exporting += 1;
  content.once('close', () => {
    exporting -= 1;
  });
  const name = `${given.name}-${new Date().toISOString().slice(0, 10)}.${given.ending}`;
  return { contentType: given.contentType, name, content };
}
