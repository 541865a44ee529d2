import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Runs the stages of scripts/test one after the other and closes with one line that counts. */

const ROOT = join(import.meta.dirname, '../..');
const CI = process.env.CI === 'true';
const args = process.argv.slice(2);
const full = args[0] === '--full';
const filters = full ? args.slice(1) : args;
const tally = { passed: 0, failed: 0, skipped: 0 };

function run(command: string, options: string[]): number {
  const { status, error } = spawnSync(command, options, { cwd: ROOT, stdio: 'inherit' });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}

function stage(title: string, command: string, options: string[]): void {
  const started = Date.now();
  const status = run(command, options);
  count(title, status === 0 ? 'passed' : 'failed', started);
}

function count(title: string, how: keyof typeof tally, started: number): void {
  tally[how] += 1;
  console.log(`${how === 'passed' ? 'ok  ' : 'FAIL'} ${title}  ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

/** A vitest project; its tests are counted one by one, a file that does not load counts as one failure. */
function project(name: string): void {
  const file = join(ROOT, '.tools', `report-${name}.json`);
  mkdirSync(join(ROOT, '.tools'), { recursive: true });
  rmSync(file, { force: true });
  const options = [
    'run',
    '--project',
    name,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const status = run('vitest', [...options, ...filters]);
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const unloaded = report.testResults.filter(
    (result) => result.status === 'failed' && result.assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + unloaded;
  tally.passed += report.numPassedTests;
  tally.failed += failed === 0 && status !== 0 ? 1 : failed;
  for (const test of report.testResults.flatMap((result) => result.assertionResults)) {
    if (test.status !== 'skipped' && test.status !== 'pending') continue;
    console.log(`skip ${test.fullName}`);
    tally[CI ? 'failed' : 'skipped'] += 1;
  }
}

stage('types', 'tsc', ['-p', 'tsconfig.json']);
stage('lint', 'biome', ['check', '--error-on-warnings', '.']);
project('unit');
project('real');
if (full) project('full');
if (filters.length === 0) stage('demo --check', join(ROOT, 'scripts/demo'), ['--check']);
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
process.exitCode = tally.failed === 0 ? 0 : 1;
