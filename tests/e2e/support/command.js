// Runs a command-line client to its end, with a bound, and keeps its output as bytes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';

const LIMIT_MS = 60_000;

// { code, stdout: Buffer, text: stdout as text, stderr, output: both for messages }.
// `env` is the whole environment but PATH: nothing of the developer's own leaks into a test.
export async function run(command, args, { cwd, env = {}, input = '', limitMs = LIMIT_MS } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const collected = { stdout: [], stderr: [] };
  child.stdout.on('data', (bytes) => collected.stdout.push(bytes));
  child.stderr.on('data', (bytes) => collected.stderr.push(bytes));
  child.stdin.on('error', () => {}); // a client may exit without reading its input
  child.stdin.end(input);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (...ended) => resolve(ended));
  });
  const stdout = Buffer.concat(collected.stdout);
  const stderr = Buffer.concat(collected.stderr).toString();
  const output = `$ ${command} ${args.join(' ')}\n--- exit ${code ?? signal}, stdout\n${stdout}\n--- stderr\n${stderr}\n---`;
  assert.equal(signal, null, `killed after ${limitMs} ms\n${output}`);
  return { code, stdout, text: stdout.toString(), stderr, output };
}

export async function succeed(...call) {
  const result = await run(...call);
  assert.equal(result.code, 0, result.output);
  return result;
}

// A failure that the client reports itself; a crash of the client is not one.
export async function refuse(...call) {
  const result = await run(...call);
  assert.notEqual(result.code, 0, `should have failed\n${result.output}`);
  return result;
}
