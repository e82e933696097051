import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * npm run prepare, and so npm ci: builds the console into packages/console/dist, which the gateway serves. Without the
 * build tools, as after `npm ci --omit=dev`, it says so and changes nothing.
 */
const root = import.meta.dirname;
/** Compressed; `--sizes` ends with 1 above it. */
const firstPageBytesMax = 250_000;

/** Russian is the longer of the two. */
const firstModules = /src\/(?:pages\/overview\.tsx|parts\/draw-chart\.ts|texts\/ru\.ts)$/;

type Chunk = {
  readonly type: 'chunk';
  readonly fileName: string;
  readonly code: string;
  readonly isEntry: boolean;
  readonly facadeModuleId: string | null;
  readonly imports: readonly string[];
};
type Asset = { readonly type: 'asset'; readonly fileName: string; readonly source: string | Uint8Array };

const vite = await import('vite').catch(() => undefined);
if (vite === undefined || !(await isThere(join(root, 'index.html')))) {
  console.log('The console is not built: its build tools are not installed. The gateway works without it.');
} else {
  const built = await vite.build({
    root,
    configFile: false,
    base: '/console/',
    logLevel: 'error',
    oxc: { jsx: { runtime: 'automatic' } },
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { target: 'es2022', emptyOutDir: true, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  });
  if (process.argv.includes('--sizes')) {
    const outputs = (Array.isArray(built) ? built : [built]) as unknown as { output: (Chunk | Asset)[] }[];
    printSizes(outputs.flatMap(({ output }) => output));
  }
}

/**
 * What the first page loads is the entry, the overview, the longer language, whatever these import, and the style
 * sheet; the rest comes when it is needed.
 */
function printSizes(files: readonly (Chunk | Asset)[]): void {
  const chunks = files.filter((file) => file.type === 'chunk');
  const first = new Set<string>();
  const add = (name: string): void => {
    if (first.has(name)) return;
    first.add(name);
    for (const next of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) add(next);
  };
  for (const { fileName, isEntry, facadeModuleId } of chunks) {
    if (isEntry || firstModules.test(facadeModuleId ?? '')) add(fileName);
  }
  let [whole, start] = [0, 0];
  for (const file of files) {
    if (file.fileName.endsWith('.html')) continue;
    const bytes = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length;
    const isFirst = first.has(file.fileName) || /^assets\/index-.*\.css$/.test(file.fileName);
    whole += bytes;
    if (isFirst) start += bytes;
    console.log(`${kilobytes(bytes)} ${isFirst ? 'first' : 'later'} ${file.fileName}`);
  }
  if (start > firstPageBytesMax) process.exitCode = 1;
  console.log(
    `first page ${kilobytes(start).trim()} of ${kilobytes(firstPageBytesMax).trim()} gzip, ` +
      `everything ${kilobytes(whole).trim()} gzip`,
  );
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
