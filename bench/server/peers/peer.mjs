/** The server of PeerJS as its own command runs it, with room for everybody. */
import { createRequire } from 'node:module';
import process from 'node:process';

// Installed on demand, so its types are not there to be checked.
const { PeerServer } = createRequire(import.meta.url)('peer');

PeerServer({ host: '127.0.0.1', port: Number(process.env.PORT), concurrent_limit: 1_000_000 });
