/**
 * Builds dist/, what Node-RED loads: `node scripts/build.mjs` (Node 20 or newer), or `build()` from another script.
 *
 *   lib/**, the nodes' runtimes and all that these import → dist/, CommonJS by tsc, which also checks the types
 *   nodes/x/editor.ts + editor.html → dist/nodes/x/x.html: the form's code in one bundle, then the form itself
 *   nodes/x/page.ts                 → dist/nodes/x/page.js, a bundle for a web page that a node serves
 *   icons/x.svg                     → dist/nodes/x/icons/x.svg
 *   packages that the runtime imports and that are no `dependencies` → dist/vendor.js, with their licences beside it
 *   all other files (locales, page.html, .json …) are copied to their place
 *
 * Nothing is done when no input has changed since the last good build; what no longer has a source is removed.
 * Type errors and half a form are printed and make the build fail, but the rest of the output is written all the same.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as esbuild } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const cache = join(root, 'node_modules', '.cache', 'twinflow');
const stampFile = join(cache, 'build.json');

/** All files below a folder, as paths from the project's root with forward slashes, in a fixed order. */
async function filesBelow(folder) {
  const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .sort();
}

/** One text that differs whenever an input differs, by path, size and time of change. */
async function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const { size, mtimeMs } = await stat(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/**
 * What becomes of each source that is not tsc's: output path (below dist/) → how it is made. Pure, so that one list serves
 * making and clearing away. `complaints` names the halves of forms.
 */
function plan(sources) {
  const outputs = new Map();
  const complaints = [];
  const has = new Set(sources);
  for (const source of sources) {
    const [top, folder, ...rest] = source.split('/');
    const name = rest.join('/');
    if (top === 'icons') {
      const x = folder.replace(/\.[^.]+$/, '');
      if (rest.length === 0 && /\.(svg|png)$/.test(folder)) outputs.set(`nodes/${x}/icons/${folder}`, { copy: source });
    } else if (top === 'nodes' && name === 'editor.ts') {
      const form = `nodes/${folder}/editor.html`;
      if (has.has(form)) outputs.set(`nodes/${folder}/${folder}.html`, { bundle: source, form });
      else complaints.push(`${source} has no editor.html beside it`);
    } else if (top === 'nodes' && name === 'editor.html') {
      if (!has.has(`nodes/${folder}/editor.ts`)) complaints.push(`${source} has no editor.ts beside it`);
    } else if (top === 'nodes' && name === 'page.ts') {
      outputs.set(`nodes/${folder}/page.js`, { bundle: source });
    } else if (top === 'nodes' && folder === 'editor') {
      // what the forms share: part of their bundles
    } else if (!source.endsWith('.ts') && !source.endsWith('.md')) {
      outputs.set(source, { copy: source });
    }
  }
  return { outputs, complaints };
}

/** Runs tsc on lib and the nodes' runtimes. @returns its complaints, and which sources (from the root) it has compiled */
async function compile() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const [complaints, files] = await new Promise((settle) => {
    // a mere check of types must not write to dist/, where this goes on with what tsc has made
    const args = [tsc, '-p', '.', '--noEmit', 'false', '--pretty', 'false', '--listFiles'];
    execFile(process.execPath, args, { cwd: root, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      const [paths, words] = partition(stdout.split('\n'), (line) => isAbsolute(line.trim()));
      settle([error ? `${words.join('\n')}${stderr}`.trim() || error.message : '', paths]);
    });
  });
  const compiled = files
    .map((file) => relative(root, file.trim()).split(sep).join('/'))
    .filter((file) => /^(lib|nodes)\/.+(?<!\.d)\.ts$/.test(file));
  return { complaints, compiled };
}

const partition = (list, test) => [list.filter(test), list.filter((item) => !test(item))];

/**
 * Bundles for the browser.
 * @returns source → code that is safe inside a script element, and complaints; a faulty source leaves all out
 */
async function bundle(entryPoints) {
  const codes = new Map();
  if (entryPoints.length === 0) return { codes, complaints: [] };
  try {
    const { outputFiles } = await esbuild({
      absWorkingDir: root,
      entryPoints,
      bundle: true,
      minify: true,
      write: false,
      outdir: 'dist',
      outbase: '.',
      format: 'iife',
      platform: 'browser',
      target: 'es2020',
      charset: 'utf8',
      legalComments: 'none',
      tsconfigRaw: '{}',
      loader: { '.css': 'text', '.html': 'text', '.svg': 'text' },
      logLevel: 'silent',
    });
    for (const { path, text } of outputFiles) {
      const source = relative(dist, path).split(sep).join('/').replace(/\.js$/, '.ts');
      if (/<\/script/i.test(text))
        throw new Error(`${source}: the bundle contains </script>, which would end it early`);
      codes.set(source, text.trimEnd());
    }
    return { codes, complaints: [] };
  } catch (error) {
    return { codes: new Map(), complaints: [error.message] };
  }
}

/**
 * Puts the packages that the runtime imports without depending on them into one file, so that a palette install has few
 * packages to fetch, and points the compiled files to it.
 * @param scripts compiled files, below dist/
 * @returns the outputs this has made
 */
async function vendor(scripts) {
  const { dependencies = {} } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const foreign = (name) => !name.startsWith('.') && !isBuiltin(name) && !(name in dependencies);
  const texts = new Map();
  const packages = new Set();
  for (const script of scripts) {
    const text = await readFile(join(dist, script), 'utf8');
    const found = [...text.matchAll(REQUIRED)].map(([, name]) => name).filter(foreign);
    if (found.length > 0) texts.set(script, text);
    for (const name of found) packages.add(name);
  }
  if (packages.size === 0) return [];

  // each is evaluated when it is first asked for: the process that reads sheets has no use for the rich text packages
  const lines = [...packages]
    .sort()
    .map((name) => JSON.stringify(name))
    .map((name) => `Object.defineProperty(exports, ${name}, { enumerable: true, get: () => require(${name}) });`);
  const { outputFiles, metafile } = await esbuild({
    absWorkingDir: root,
    stdin: { contents: lines.join('\n'), resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22.13',
    legalComments: 'none',
    logLevel: 'silent',
  });
  await write('vendor.js', outputFiles[0].text);
  await write('vendor.licenses.txt', await licences(Object.keys(metafile.inputs)));
  for (const [script, text] of texts) {
    const path = relative(dirname(script), 'vendor').split(sep).join('/');
    const pointed = text.replace(REQUIRED, (call, name) => (foreign(name) ? `require("${path}")["${name}"]` : call));
    await writeFile(join(dist, script), pointed);
  }
  return ['vendor.js', 'vendor.licenses.txt'];
}

/** Puts a look at the version of Node.js before everything else that a node's file does: see nodes/shared/old-node.ts. */
async function lookAtVersion() {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { nodes, plugins } = manifest['node-red'];
  for (const [type, file] of Object.entries({ ...nodes, ...plugins })) {
    const path = join(root, file);
    if (!existsSync(path)) continue;
    const text = await readFile(path, 'utf8');
    const look = `if (require("../shared/old-node.js").standIn(module, "${type}")) return;\n`;
    if (text.includes(look)) continue;
    await writeFile(
      path,
      text.replace(/^("use strict";\n)?/, (start) => start + look),
    );
  }
}

const REQUIRED = /\brequire\("([^"]+)"\)/g;

/** Names, versions and licence texts of the packages that files belong to. */
async function licences(files) {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const texts = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(root, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? await readFile(join(root, folder, file), 'utf8') : '';
    texts.push(`${name} ${version}, ${license}\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function write(output, text) {
  await mkdir(dirname(join(dist, output)), { recursive: true });
  await writeFile(join(dist, output), text);
}

/** Removes what the plan doesn't hold, and the folders that this leaves empty. */
async function clear(outputs) {
  for (const file of await filesBelow('dist')) {
    if (outputs.has(file.slice('dist/'.length))) continue;
    await rm(join(root, file), { force: true });
    for (let folder = dirname(file); folder !== 'dist'; folder = dirname(folder)) {
      if ((await readdir(join(root, folder))).length > 0) break;
      await rmdir(join(root, folder));
    }
  }
}

/**
 * Brings dist/ up to date.
 * @returns {Promise<{built: boolean, errors: string}>} built = false where nothing had changed; errors = what is wrong, line by line
 */
export async function build() {
  const sources = [...(await filesBelow('lib')), ...(await filesBelow('nodes')), ...(await filesBelow('icons'))];
  const inputs = [
    ...sources,
    'package.json',
    'package-lock.json',
    'tsconfig.base.json',
    'tsconfig.json',
    'scripts/build.mjs',
  ];
  const stamp = await fingerprint(inputs);
  const last = JSON.parse(await readFile(stampFile, 'utf8').catch(() => '{}'));
  if (last.stamp === stamp && last.outputs.every((output) => existsSync(join(dist, output)))) {
    return { built: false, errors: '' };
  }

  await rm(stampFile, { force: true });
  const { outputs, complaints } = plan(sources);
  const bundled = [...outputs.values()].flatMap((how) => how.bundle ?? []);
  const [runtime, { codes, complaints: faults }] = await Promise.all([compile(), bundle(bundled)]);
  for (const [output, { copy, bundle: source, form }] of outputs) {
    if (copy) {
      await mkdir(dirname(join(dist, output)), { recursive: true });
      await copyFile(join(root, copy), join(dist, output));
    } else if (codes.has(source)) {
      const code = codes.get(source);
      const template = form && (await readFile(join(root, form), 'utf8'));
      await write(output, form ? `<script type="text/javascript">${code}</script>\n${template}` : code);
    }
  }
  const scripts = runtime.compiled.map((source) => source.replace(/\.ts$/, '.js'));
  const vendored = await vendor(scripts).catch((error) => {
    faults.push(error.message);
    return [];
  });
  await lookAtVersion().catch((error) => faults.push(error.message));
  for (const output of [...scripts, ...vendored]) outputs.set(output, {});
  await clear(outputs);
  const errors = [...complaints, ...faults, runtime.complaints].filter(Boolean).join('\n');
  if (!errors) {
    await mkdir(cache, { recursive: true });
    await writeFile(stampFile, JSON.stringify({ stamp, outputs: [...outputs.keys()] }));
  }
  return { built: true, errors };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { built, errors } = await build();
  if (errors) console.error(errors);
  else if (built) console.log('dist/ is up to date');
  process.exitCode = errors ? 1 : 0;
}
