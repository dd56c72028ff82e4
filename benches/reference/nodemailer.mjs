// nodemailer's pool, for benches/delivery: sends COUNT messages over CONNECTIONS connections and prints the seconds that
// it took, from the first message to the last reply.
//
//   node nodemailer.mjs NODE_MODULES PORT CONNECTIONS COUNT ready FILE.eml
//   node nodemailer.mjs NODE_MODULES PORT CONNECTIONS COUNT composed FILE.html FILE.txt
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [modules, port, connections, count, kind, ...files] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), '..', 'index.js'));
const nodemailer = require('nodemailer');

const transport = nodemailer.createTransport({
  pool: true,
  host: '127.0.0.1',
  port: Number(port),
  ignoreTLS: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
});
const from = 'letters@example.com';
const ready = kind === 'ready' ? readFileSync(files[0]) : null;
const [html, text] = ready ? [] : files.map((file) => readFileSync(file, 'utf8'));

function message(n) {
  const to = `reader${n}@example.com`;
  if (ready) return { envelope: { from, to }, raw: ready };
  const name = `Reader ${n}`;
  return {
    from: { name: 'Far and Near', address: from },
    to: { name, address: to },
    subject: 'When someone you love is far away',
    html: html.replaceAll('Dear Ann', `Dear ${name}`),
    text: text.replaceAll('Dear Ann', `Dear ${name}`),
    list: { unsubscribe: { url: `https://example.com/unsubscribe/${n}`, comment: '' } },
  };
}

let next = 0;
async function work() {
  while (next < Number(count)) await transport.sendMail(message(next++));
}

const begun = process.hrtime.bigint();
// More than the pool has connections, so that none is idle.
await Promise.all(Array.from({ length: 2 * Number(connections) }, work));
console.log(Number(process.hrtime.bigint() - begun) / 1e9);
transport.close();
