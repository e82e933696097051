#!/usr/bin/env node
// The gateway's own commands: vyplata-gateway run, serve, work, migrate, …
import { fileURLToPath } from 'node:url';
import { isNodeFit } from './find-node.js';

if (isNodeFit(fileURLToPath(import.meta.url))) await import('../gateway/src/main.js');
