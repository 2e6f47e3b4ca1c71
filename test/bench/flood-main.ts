// Calls one user's server from 8 clients until it is ended: `node flood-main.ts PORT`, the token on stdin.
import { text } from 'node:stream/consumers';
import { EchoClient } from './echo-clients.ts';

const clients = 8;

const target = { port: Number(process.argv[2]), token: await text(process.stdin) };
const open = () => EchoClient.open(target);
const flood = await Promise.all(Array.from({ length: clients }, open));
process.stdout.write('flooding\n');
await Promise.all(flood.map((client) => client.echoUntil(Infinity)));
