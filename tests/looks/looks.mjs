// Renders every NAME.mjml in a folder by npm mjml, takes pictures of that and of NAME-ours.html, compares them, and says
// what validation, axe-core and the page's width, also at 200 % zoom, have against them. Pictures inside the message come
// from NAME.eml. Exits with 1 when there is anything.
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';

const require = createRequire(join(resolve(process.env.LOOKS_TOOLS), '/'));
const { chromium } = require('playwright-core');
const loaded = require('mjml');
const mjml2html = loaded.default ?? loaded;
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const folder = resolve(process.argv[2]);
const MOST = 0.01;
const names = readdirSync(folder).filter((file) => file.endsWith('.mjml')).map((file) => file.slice(0, -5)).sort();
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--force-color-profile=srgb'],
});
const report = [];

// One page, one width, one scheme: the picture, what axe-core finds, how far it reaches sideways.
async function look(file, picture, width, colorScheme, zoom = 1) {
  const viewport = { width: width / zoom, height: 800 / zoom };
  const context = await browser.newContext({ viewport, deviceScaleFactor: zoom, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  await page.route('**/*', (route) => {
    const url = route.request().url();
    return /^(file|data):/.test(url) ? route.continue() : route.abort();
  });
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  // Boxes that cut off what is in them, and pictures that didn't load.
  const cut = await page.evaluate(() => [...document.querySelectorAll('body *')]
    .filter((e) => getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1)
    .map((e) => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`));
  const lost = await page.evaluate(() => [...document.querySelectorAll('img')]
    .filter((img) => !img.naturalWidth && /^(data|cid):/.test(img.src)).map((img) => img.alt));
  const h1 = await page.evaluate(() => document.querySelectorAll('h1').length);
  await page.screenshot({ path: picture, fullPage: true });
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    axe.run(document, { resultTypes: ['violations'], rules: { region: { enabled: false }, 'landmark-one-main': { enabled: false } } }));
  // Fingers need 44 px, in links that stand by themselves and not in a sentence.
  const small = await page.evaluate(() => [...document.querySelectorAll('a')]
    .filter((a) => getComputedStyle(a).display !== 'inline')
    .filter((a) => a.getBoundingClientRect().height < 44 && !a.querySelector('img'))
    .map((a) => `${a.textContent.trim()} ${Math.round(a.getBoundingClientRect().height)}`));
  await context.close();
  const violations = found.violations.map((v) => `${v.impact}: ${v.id} ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 90)).join(' | ')}`);
  return { sideways, cut, lost, h1, violations, small };
}

// The pictures that a message brings along, by their content ids, as data: addresses.
function enclosed(message) {
  const found = new Map();
  for (const part of message.split('\r\n--')) {
    const [head, body] = [part.slice(0, part.indexOf('\r\n\r\n')), part.slice(part.indexOf('\r\n\r\n') + 4)];
    const id = /^content-id:\s*<([^>]*)>/im.exec(head)?.[1];
    const type = /^content-type:\s*([a-z]+\/[a-z]+)/im.exec(head)?.[1];
    if (id && type) found.set(`cid:${id}`, `data:${type};base64,${body.replace(/\s/g, '')}`);
  }
  return found;
}

// The share of pixels that differ, over the larger of two pictures.
async function difference(one, other) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const urls = [one, other].map((file) => `data:image/png;base64,${readFileSync(file).toString('base64')}`);
  const share = await page.evaluate(async (urls) => {
    const pictures = await Promise.all(urls.map(async (url) => createImageBitmap(await (await fetch(url)).blob())));
    const width = Math.max(...pictures.map((p) => p.width));
    const height = Math.max(...pictures.map((p) => p.height));
    const [a, b] = pictures.map((picture) => {
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(picture, 0, 0);
      return new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    });
    let different = 0;
    for (let at = 0; at < a.length; at += 1) different += a[at] !== b[at];
    return different / a.length;
  }, urls);
  await context.close();
  return share;
}

for (const name of names) {
  let source = readFileSync(join(folder, `${name}.mjml`), 'utf8');
  for (const [id, data] of enclosed(readFileSync(join(folder, `${name}.eml`), 'latin1'))) source = source.replaceAll(id, data);
  const faults = [];
  let theirs = '';
  try {
    const made = await mjml2html(source, { validationLevel: 'strict', minify: false, keepComments: false, fonts: {} });
    theirs = made.html;
    for (const error of made.errors) faults.push(error.formattedMessage ?? String(error));
  } catch (error) {
    faults.push(`npm mjml: ${error.message}`);
    report.push({ name, faults });
    continue;
  }
  const files = { ours: join(folder, `${name}-ours.html`), theirs: join(folder, `${name}-theirs.html`) };
  writeFileSync(files.theirs, theirs);
  const ours = readFileSync(files.ours, 'utf8');
  const styles = [...ours.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map((found) => found[1].length);
  if (Math.max(0, ...styles) > 16384) faults.push(`a <style> has ${Math.max(...styles)} octets`);
  const row = { name, octets: Buffer.byteLength(ours), theirs: Buffer.byteLength(theirs), style: styles.reduce((a, b) => a + b, 0) };
  try {
    const small = await mjml2html(source, { minify: true, keepComments: false, fonts: {} });
    row.minified = Buffer.byteLength(small.html);
  } catch { row.minified = null; }
  let worst = 0;
  for (const width of [360, 1200]) for (const scheme of ['light', 'dark']) {
    const pictures = ['ours', 'theirs'].map((side) => join(folder, `${name}-${width}-${scheme}-${side}.png`));
    const seen = await look(files.ours, pictures[0], width, scheme);
    await look(files.theirs, pictures[1], width, scheme);
    const share = await difference(...pictures);
    worst = Math.max(worst, share);
    if (share >= MOST) faults.push(`${width} ${scheme}: ${(share * 100).toFixed(2)} % of the pixels differ`);
    if (seen.sideways > 0) faults.push(`${width} ${scheme}: reaches ${seen.sideways} px beyond the window`);
    for (const alt of seen.lost) faults.push(`the picture "${alt}" is not there`);
    if (seen.h1 !== 1) faults.push(`${seen.h1} h1`);
    for (const violation of seen.violations) faults.push(`${width} ${scheme}: axe ${violation}`);
    for (const link of seen.small) faults.push(`${width} ${scheme}: a link lower than 44 px: ${link}`);
  }
  for (const width of [360, 1200]) {
    const seen = await look(files.ours, join(folder, `${name}-${width}-zoomed-ours.png`), width, 'light', 2);
    if (seen.sideways > 0) faults.push(`${width} at 200 %: reaches ${seen.sideways} px beyond the window`);
    for (const words of seen.cut) faults.push(`${width} at 200 %: cut off: ${words}`);
    for (const violation of seen.violations) faults.push(`${width} at 200 %: axe ${violation}`);
  }
  report.push({ ...row, worst: `${(worst * 100).toFixed(3)} %`, faults: [...new Set(faults)] });
}
await browser.close();
for (const { faults, ...row } of report) {
  console.log(`${faults.length ? 'WRONG' : 'good '} ${JSON.stringify(row)}`);
  for (const fault of faults) console.log(`      ${fault}`);
}
writeFileSync(join(folder, 'report.json'), JSON.stringify(report, null, 1));
process.exit(report.some((row) => row.faults.length) ? 1 : 0);
