// What `npm start`, `npm test`, `npm run check` and `npm run bench` need on a fresh clone: dependencies, then the build.
// Plain JavaScript and no imports beyond node:, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(command, args) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Sluice needs Node 20.19 or later; this is ${process.version}. Install a newer Node and run the command again.`,
  );
  process.exit(2);
}

// npm writes node_modules/.package-lock.json at the end of an install: older than our lock file means it is out of date.
const installed = `${root}node_modules/.package-lock.json`;
const isFresh =
  existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs;
if (!isFresh) {
  console.error('Installing dependencies (npm install) ...');
  // Not `npm ci`: it refuses a lock file that lacks the optional packages of other platforms, and a registry that does not
  // carry them makes such a lock file. Versions are exact in package.json, and the lock file holds below that.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
}
run('npm', ['run', '--silent', 'build']);
