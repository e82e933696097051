// A process that writes to a Book and can be killed: records references and prints each one that is written.
// Arguments: the Book's path, a name for its own references, how many, and 'shared' to use the others' as well.
import { writeSync } from 'node:fs';
import { openBook } from '../../src/connectors/sandbox-book.ts';

const [path = '', writer = '', entriesMax = '0', mode = ''] = process.argv.slice(2);
const book = openBook(path);
for (let number = 1; number <= Number(entriesMax); number += 1) {
  const reference = mode === 'shared' ? `shared-${number}` : `${writer}-${number}`;
  const { entry, isNew } = book.record({
    reference,
    payoutId: reference,
    decision: 'executed',
    paidMinor: BigInt(number),
    amountMinor: BigInt(number),
    currency: 'RUB',
    script: writer,
    at: 1,
    finalAt: 1,
  });
  // Synchronous, so that what was printed before a kill has left the process.
  writeSync(1, `${reference} ${isNew ? 'new' : 'old'} ${entry.script}\n`);
}
book.close();
