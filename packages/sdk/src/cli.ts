#!/usr/bin/env node
import { runCli } from './cli/program.ts';

// Whoever reads may have seen enough: `vyplata … | head -1` is no error.
process.stdout.on('error', (error: Error & { code?: string }) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli({ argv: process.argv.slice(2), env: process.env });
