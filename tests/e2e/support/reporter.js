// Reporter for `node --test`: a line per file, failures in full, and the count for a machine.
//
// A test that is skipped without a reason counts as failed, because nobody would notice it.
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { inspect } from 'node:util';

export default async function* reporter(events) {
  const files = new Map();
  const total = { passed: 0, failed: 0 };

  const of = (path) => {
    const name = path ? basename(path) : 'run';
    if (!files.has(name))
      files.set(name, { passed: 0, failures: [], skips: [], output: [], started: Date.now() });
    return files.get(name);
  };

  for await (const { type, data } of events) {
    switch (type) {
      case 'test:start':
        of(data.file);
        break;
      case 'test:pass':
        if (data.details?.type === 'suite') break;
        if (data.skip === undefined && data.todo === undefined) of(data.file).passed += 1;
        else if (typeof (data.skip ?? data.todo) === 'string')
          of(data.file).skips.push(`${data.name}: ${data.skip ?? data.todo}`);
        else of(data.file).failures.push({ name: data.name, error: 'skipped without a reason' });
        break;
      case 'test:fail':
        // A suite fails when one of its tests does; that one is counted already. Anything else
        // (a hook, a file that does not load) is a failure of its own.
        if (data.details?.type === 'suite' && data.details.error?.failureType === 'subtestsFailed') break;
        of(data.file).failures.push({
          name: data.name,
          line: data.line,
          error: describe(data.details?.error),
        });
        break;
      case 'test:stdout':
      case 'test:stderr':
        of(data.file).output.push(data.message);
        break;
      case 'test:summary':
        if (data.file) yield finished(basename(data.file), of(data.file), data.duration_ms);
        break;
    }
  }

  for (const [name, file] of files) {
    if (!file.reported) yield finished(name, file);
    total.passed += file.passed;
    total.failed += file.failures.length;
  }
  if (total.passed + total.failed === 0) total.failed = 1;
  if (total.failed) process.exitCode = 1;
  writeFileSync(process.env.CUBBY_E2E_SUMMARY, `${total.passed} passed, ${total.failed} failed\n`);
}

function finished(name, file, duration) {
  file.reported = true;
  if (name === 'run' && !file.passed && !file.failures.length) return '';
  const seconds = duration === undefined ? '' : ` in ${(duration / 1000).toFixed(1)} s`;
  const lines = [`${name}: ${file.passed} passed, ${file.failures.length} failed${seconds}`];
  for (const skip of file.skips) lines.push(`  skipped ${skip}`);
  for (const { name: test, line, error } of file.failures) {
    lines.push(`  FAILED ${test}${line ? ` (${name}:${line})` : ''}`, indent(error));
  }
  if (file.output.length && (file.failures.length || process.env.CUBBY_E2E_SHOW))
    lines.push('  output:', indent(file.output.join('').trimEnd()));
  return `${lines.join('\n')}\n`;
}

function describe(error) {
  // The runner wraps what the test threw; the cause is what a reader wants to see.
  const cause = error?.cause ?? error;
  if (cause?.code === 'ERR_ASSERTION') return cause.stack; // the message has the difference already
  return typeof cause === 'string'
    ? cause
    : inspect(cause, { depth: 4, breakLength: 120, maxStringLength: 4000 });
}

const indent = (text) => String(text).replace(/^/gm, '    ');
